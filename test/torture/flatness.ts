/** What a process held at a moment. */
export interface Sample {
  /** Answers so far. */
  readonly requests: number;
  /** Bytes that are no waste. */
  readonly heap: number;
  /** Bytes of the process. */
  readonly rss: number;
}

/** What may come and go: a part of what there was, and bytes. */
const slack = { heap: [0.1, 5e6], rss: [0.1, 20e6] } as const;

export interface Course {
  /** Medians of the first third and of the last one. */
  readonly first: number;
  readonly last: number;
  readonly isFlat: boolean;
}

/**
 * Compares the last third of a run with its first one. What a request leaves behind shows when it is more
 * than the slack divided by the requests between the two: of a million, about ten bytes.
 */
export function courseOf(samples: readonly Sample[], what: "heap" | "rss"): Course {
  const values = samples.map((sample) => sample[what]);
  const third = Math.ceil(values.length / 3);
  const first = median(values.slice(0, third));
  const last = median(values.slice(-third));
  const [part, bytes] = slack[what];
  return { first, last, isFlat: last <= first * (1 + part) + bytes };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
