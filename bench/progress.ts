import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bench } from "./peers.ts";
import type { Slices } from "./rounds.ts";
import type { ScenarioResult } from "./scenarios/scenario.ts";
import type { Start } from "./starts.ts";

/** What a long run has found so far: it goes on there when it was interrupted. */
export interface Progress {
  /** What was being measured: something else begins anew. */
  readonly of: string;
  readonly starts?: Readonly<Record<string, Start>>;
  readonly workloads: Readonly<Record<string, Measured>>;
  readonly scenarios: Readonly<Record<string, ScenarioResult>>;
}

/** One workload, by peer. */
export interface Measured {
  readonly slices: Slices;
  /** MiB, before any load and after this one. */
  readonly idle: Readonly<Record<string, number>>;
  readonly loaded: Readonly<Record<string, number>>;
}

const path = join(bench, ".progress.json");

export function readProgress(of: string): Progress {
  try {
    const found = JSON.parse(readFileSync(path, "utf8")) as Progress;
    if (found.of === of) return found;
  } catch {
    // There is none, or half of one.
  }
  return { of, workloads: {}, scenarios: {} };
}

export function saveProgress(progress: Progress): Progress {
  writeFileSync(path, JSON.stringify(progress));
  return progress;
}

export function dropProgress(): void {
  rmSync(path, { force: true });
}
