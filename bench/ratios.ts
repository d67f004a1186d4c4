import type { Slices } from "./rounds.ts";

/** What the slices of one peer in one workload come to. */
export interface Result {
  /** Requests a second, against those of the reference in the same round: the median of all rounds. */
  readonly ratio: number;
  /** The same of CPU time a request, over all rounds: more is less time. */
  readonly cpuRatio: number;
  readonly perSecond: number;
  /** Microseconds of CPU time a request. */
  readonly cpu: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

export const reference = "raw";

/** Compares every peer with the reference. */
export function compare(slices: Slices): Record<string, Result> {
  const base = slices[reference];
  if (!base?.length) throw new Error(`Nothing to compare with: ${reference} was not measured.`);
  const results = Object.entries(slices).map(([name, own]): [string, Result] => [
    name,
    {
      ratio: median(own.map(({ perSecond }, round) => perSecond / base[round]!.perSecond)),
      cpuRatio: cpuOf(base) / cpuOf(own),
      perSecond: median(own.map((slice) => slice.perSecond)),
      cpu: cpuOf(own),
      p50: median(own.map((slice) => slice.p50)),
      p99: median(own.map((slice) => slice.p99)),
    },
  ]);
  return Object.fromEntries(results);
}

function cpuOf(slices: Slices[string]): number {
  const [cpu, requests] = [
    sum(slices.map((one) => one.cpu)),
    sum(slices.map((one) => one.requests)),
  ];
  return (cpu * 1000) / requests;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length % 2) return sorted[middle]!;
  return (sorted[middle - 1]! + sorted[middle]!) / 2;
}

const sum = (values: readonly number[]): number => values.reduce((total, one) => total + one, 0);
