import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chart } from "./chart.ts";
import { bench, ours, type Peer } from "./peers.ts";
import {
  dropProgress,
  type Measured,
  type Progress,
  readProgress,
  saveProgress,
} from "./progress.ts";
import { compare, type Result } from "./ratios.ts";
import { type Footprint, page, type Report } from "./report.ts";
import { measure, type RoundsOptions } from "./rounds.ts";
import { memoryOf, openServers } from "./servers.ts";
import { measureScenario } from "./scenarios/index.ts";
import { measureStarts } from "./starts.ts";
import { surroundings } from "./surroundings.ts";
import type { Workload } from "./workloads.ts";

export interface FullOptions extends RoundsOptions {
  readonly peers: readonly Peer[];
  readonly workloads: readonly Workload[];
  /** How often each is started. */
  readonly starts: number;
  /** How many processes of each are asked, one after the other. */
  readonly processes: number;
  /** What else is measured, by name. */
  readonly scenarios: readonly string[];
}

/** Measures everything; what an interrupted run has measured of the same it does not measure again. */
export async function measureAll(options: FullOptions): Promise<Report> {
  const { peers, workloads } = options;
  let progress = readProgress(describe(options));
  if (progress.starts) console.error("Going on where the last run was interrupted");
  else {
    console.error("Starts …");
    progress = saveProgress({ ...progress, starts: await measureStarts(peers, options.starts) });
  }
  for (const workload of workloads.filter(({ name }) => !progress.workloads[name])) {
    const measured = await measureWorkload(workload, options);
    progress = saveProgress({
      ...progress,
      workloads: { ...progress.workloads, [workload.name]: measured },
    });
    console.error(`${workload.name} is done`);
  }
  for (const name of options.scenarios.filter((name) => !progress.scenarios[name])) {
    const scenarios = { ...progress.scenarios, [name]: await measureScenario(name) };
    progress = saveProgress({ ...progress, scenarios });
    console.error(`${name} is done`);
  }
  dropProgress();
  return reportOf(progress, options);
}

/** One process is up to a twentieth faster than another one of the same code: several are asked. */
async function measureWorkload(workload: Workload, options: FullOptions): Promise<Measured> {
  const all: Measured[] = [];
  for (let process = 0; process < options.processes; process++) {
    const servers = await openServers(options.peers);
    const slices = await measure(servers.all, workload, options);
    all.push({ slices, idle: servers.idle, loaded: memoryOf(servers.all) });
    await servers.stop();
  }
  return joined(all);
}

/** What several processes of the same peers have shown, as if it were one: the least and the most memory. */
export function joined(all: readonly Measured[]): Measured {
  const byName = <T>(of: (name: string) => T): Record<string, T> =>
    Object.fromEntries(Object.keys(all[0]!.slices).map((name) => [name, of(name)]));
  return {
    slices: byName((name) => all.flatMap(({ slices }) => slices[name]!)),
    idle: byName((name) => Math.min(...all.map(({ idle }) => idle[name]!))),
    loaded: byName((name) => Math.max(...all.map(({ loaded }) => loaded[name]!))),
  };
}

/** Writes RESULTS.md and chart.svg. */
export function writeReport(report: Report): void {
  writeFileSync(join(bench, "RESULTS.md"), page(report));
  writeFileSync(join(bench, "chart.svg"), chartOf(report));
}

/** The build is a part of it: what an older one did says nothing of this one. */
function describe({ peers, workloads, scenarios, ...options }: FullOptions): string {
  const build = statSync(join(bench, "node_modules/nexus-platform/dist/index.js")).mtimeMs;
  const names = [...peers, ...workloads].map(({ name }) => name);
  return JSON.stringify({ names, scenarios, options, build });
}

function reportOf(
  { starts, workloads: measured, scenarios }: Progress,
  options: FullOptions,
): Report {
  const results = options.workloads.map(({ name }): [string, Record<string, Result>] => [
    name,
    compare(measured[name]!.slices),
  ]);
  const footprints = options.peers.map(({ name }): [string, Footprint] => {
    const all = Object.values(measured);
    const idle = Math.min(...all.map((one) => one.idle[name]!));
    const loaded = Math.max(...all.map((one) => one.loaded[name]!));
    return [name, { ...starts![name]!, idle, loaded }];
  });
  return {
    results: Object.fromEntries(results),
    footprints: Object.fromEntries(footprints),
    titles: Object.fromEntries(options.workloads.map(({ name, title }) => [name, title])),
    surroundings: surroundings(options.peers),
    scenarios: Object.values(scenarios),
  };
}

function chartOf({ results, footprints, titles }: Report): string {
  const rows = Object.keys(footprints)
    // What a layer less saves is for the tables.
    .filter((name) => !name.endsWith("-bare"))
    .map((name) => ({
      name,
      ratios: Object.values(results).map((one) => one[name]!.ratio),
      isOurs: ours(name),
    }));
  const total = ({ ratios }: (typeof rows)[number]): number =>
    ratios.reduce((product, ratio) => product * ratio, 1);
  return chart(
    Object.keys(results).map((name) => ({ name, title: titles[name]! })),
    rows.toSorted((a, b) => total(b) - total(a)),
  );
}
