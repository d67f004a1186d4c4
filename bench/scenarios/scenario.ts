import { median } from "../ratios.ts";

/** One figure of each peer. */
export interface Row {
  readonly name: string;
  readonly unit: string;
  /** None where it cannot be compared. */
  readonly better?: "more" | "less";
  /** By peer; of some there is none. */
  readonly values: Readonly<Record<string, number>>;
}

export interface ScenarioResult {
  readonly name: string;
  readonly title: string;
  readonly rows: readonly Row[];
  /** What the figures do not say, and why there are none. */
  readonly notes: readonly string[];
}

export type Scenario = () => Promise<ScenarioResult>;

/** For a terminal. */
export function describe({ name, title, rows, notes }: ScenarioResult): string {
  const lines = rows.map((row) => {
    const values = Object.keys(row.values).map((peer) => `${peer} ${cell(row, peer)}`);
    return `  ${labelOf(row)}: ${values.join(", ")}`;
  });
  return [`${name}: ${title}`, ...lines, ...notes.map((note) => `  ${note}`)].join("\n");
}

/** A section of RESULTS.md, with a column for each peer. */
export function section({ name, title, rows, notes }: ScenarioResult): string {
  const peers = [...new Set(rows.flatMap(({ values }) => Object.keys(values)))];
  const table = [
    line(["", ...peers]),
    line(["---", ...peers.map(() => "--:")]),
    ...rows.map((row) => line([labelOf(row), ...peers.map((peer) => cell(row, peer))])),
  ];
  return [`## ${name}: ${title}`, ...(rows.length ? [table.join("\n")] : []), ...notes].join(
    "\n\n",
  );
}

/** Against raw: above 1 is better. */
export function ratioOf({ better, values }: Row, peer: string): number | undefined {
  const { [peer]: own, raw } = values;
  if (!better || own === undefined || raw === undefined || peer === "raw") return undefined;
  return better === "more" ? own / raw : raw / own;
}

/** Asks each by turns, so that a machine that gets slower does so for all. @returns the median of each */
export async function byTurns<T extends { readonly name: string }>(
  all: readonly T[],
  times: number,
  measure: (one: T) => Promise<number>,
): Promise<Record<string, number>> {
  const found: Record<string, number[]> = {};
  for (let time = 0; time < times; time++)
    for (const one of all) (found[one.name] ??= []).push(await measure(one));
  return Object.fromEntries(Object.entries(found).map(([name, own]) => [name, median(own)]));
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

function labelOf({ name, unit }: Row): string {
  return unit ? `${name}, ${unit}` : name;
}

/** The figure, and its ratio to raw's. */
function cell(row: Row, peer: string): string {
  const value = row.values[peer];
  if (value === undefined) return "";
  const ratio = ratioOf(row, peer);
  return ratio === undefined ? shown(value) : `${shown(value)} (${ratio.toFixed(2)})`;
}

function shown(value: number): string {
  if (Number.isInteger(value) || value >= 100) return value.toFixed(0);
  return value.toPrecision(3);
}
