import { ours } from "./peers.ts";
import type { Result } from "./ratios.ts";
import { type ScenarioResult, section } from "./scenarios/scenario.ts";

/** What starting a peer took, and holding it up. */
export interface Footprint {
  /** Milliseconds to the first 200, without and with a compile cache. */
  readonly cold: number;
  readonly warm: number;
  /** MiB. */
  readonly idle: number;
  readonly loaded: number;
}

export interface Report {
  /** By workload and peer. */
  readonly results: Readonly<Record<string, Readonly<Record<string, Result>>>>;
  readonly footprints: Readonly<Record<string, Footprint>>;
  /** What each workload is, by name. */
  readonly titles: Readonly<Record<string, string>>;
  /** Of the machine, and of all that runs on it. */
  readonly surroundings: readonly string[];
  /** What else was measured. */
  readonly scenarios: readonly ScenarioResult[];
}

/** The results of one workload, for a terminal. */
export function table(title: string, results: Readonly<Record<string, Result>>): string {
  const rows = Object.entries(results).map(([name, result]) => [name, ...cells(result)]);
  return [title, ...aligned([["", ...heads], ...rows])].join("\n");
}

/** RESULTS.md. */
export function page({ results, footprints, titles, surroundings, scenarios }: Report): string {
  const names = Object.keys(results);
  const ratios = Object.keys(footprints).map((peer) => [
    nameOf(peer),
    ...names.map((workload) => results[workload]![peer]!.ratio.toFixed(2)),
  ]);
  const prints = Object.entries(footprints).map(([peer, print]) => [
    nameOf(peer),
    ...[print.cold, print.warm, print.idle, print.loaded].map((value) => value.toFixed(0)),
  ]);
  const sections = names.flatMap((workload) => [
    `## ${workload}: ${titles[workload]}`,
    markdown([
      ["", ...heads],
      ...Object.entries(results[workload]!).map(([peer, one]) => [nameOf(peer), ...cells(one)]),
    ]),
  ]);
  return [
    "# Results",
    "Written by `npm run bench`; [README.md](README.md) says what is measured, and how.",
    surroundings.map((line) => `- ${line}`).join("\n"),
    "![Requests a second against raw node:http](chart.svg)",
    "## Requests a second, raw node:http = 1",
    markdown([["", ...names], ...ratios]),
    "## Start and memory",
    markdown([
      ["", "first 200, ms", "with a compile cache", "RSS idle, MiB", "after load"],
      ...prints,
    ]),
    ...sections,
    ...scenarios.map(section),
  ]
    .join("\n\n")
    .concat("\n");
}

const heads = ["ratio", "by CPU", "req/s", "CPU µs", "p50 ms", "p99 ms"];

function cells(result: Result): string[] {
  return [
    result.ratio.toFixed(2),
    result.cpuRatio.toFixed(2),
    result.perSecond.toFixed(0),
    result.cpu.toFixed(1),
    result.p50.toFixed(2),
    result.p99.toFixed(2),
  ];
}

function nameOf(peer: string): string {
  return ours(peer) ? `**${peer}**` : peer;
}

function markdown([head, ...rows]: readonly (readonly string[])[]): string {
  return [line(head!), line(head!.map((_, at) => (at ? "--:" : "---"))), ...rows.map(line)].join(
    "\n",
  );
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]! + 2),
      )
      .join(""),
  );
}
