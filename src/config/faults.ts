import { NexusError } from "../exceptions.ts";

/** Settings that do not fit: every fault at once, each with its place and its cure. */
export class ConfigError extends NexusError {
  readonly faults: readonly string[];

  /** @param what the line above the faults */
  constructor(what: string, faults: readonly string[]) {
    super("NX_CONFIG", [what, ...faults.map((fault) => `  - ${fault}`)].join("\n"));
    this.name = "ConfigError";
    this.faults = faults;
  }
}

/** The name that was probably meant: at most a third of it is mistyped. */
export function closest(name: string, names: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = Math.max(1, Math.floor(name.length / 3)) + 1;
  for (const other of names) {
    const mistakes = distance(name.toLowerCase(), other.toLowerCase());
    if (mistakes < least) [best, least] = [other, mistakes];
  }
  return best;
}

/** The names among what was said that nobody knows, and the cure; nothing where all are known. */
export function unknownIn(
  said: object,
  known: readonly string[],
  /** What stands before the list of all that are known. */
  lead = "Known are",
): { readonly names: string; readonly cure: string } | undefined {
  const unknown = Object.keys(said).filter((name) => !known.includes(name));
  if (!unknown.length) return undefined;
  const meant = unknown.length === 1 ? closest(unknown[0]!, known) : undefined;
  const cure = meant === undefined ? `${lead} ${known.join(", ")}.` : `Did you mean ${meant}?`;
  return { names: unknown.join(", "), cure };
}

/** `" Did you mean PORT?"`, or nothing. */
export function didYouMean(name: string, names: Iterable<string>): string {
  const meant = closest(name, names);
  return meant === undefined ? "" : ` Did you mean ${meant}?`;
}

// Characters to add, drop, change, or swap with their neighbour.
function distance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row[j] = Math.min(
        row[j - 1]! + 1,
        rows[i - 1]![j]! + 1,
        rows[i - 1]![j - 1]! + (same ? 0 : 1),
        swapped ? rows[i - 2]![j - 2]! + 1 : Infinity,
      );
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}
