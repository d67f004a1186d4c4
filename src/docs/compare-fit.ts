import type { Meaning } from "./compare-alternative.ts";
import { explain } from "./compare-explain.ts";
import { Explanation, type Finding, type FitOptions, type Pair } from "./compare-explanation.ts";

/** Says of two meanings why not everything that fits the first fits the second. */
export class Fit {
  readonly #explanation: Explanation;
  readonly #pairs = new Map<string, Pair>();
  readonly #unsettled = new Set<Pair>();

  constructor(options: FitOptions) {
    this.#explanation = new Explanation(options, (from, to) => this.#pair(from, to));
  }

  /** What is met twice is explained where it is met first. */
  find(from: Meaning, to: Meaning): Finding[] {
    const whole = this.#pair(from, to);
    this.#settle();
    const places = new Map([[whole, ""]]);
    const found: Finding[] = [];
    for (const [{ steps }, path] of places) {
      for (const step of steps) {
        const at = path + step.path;
        if (!("pair" in step)) {
          found.push({ ...step, path: at });
          continue;
        }
        const first = places.get(step.pair);
        if (first === undefined) places.set(step.pair, at);
        // What is inside itself needs no second word.
        else if (!isInside(at, first)) found.push(asAt(first, at, step.pair));
      }
    }
    return found;
  }

  #pair(from: Meaning, to: Meaning): Pair {
    const name = `${from.id} ${to.id}`;
    const known = this.#pairs.get(name);
    if (known) return known;
    const pair: Pair = { from, to, steps: [] };
    this.#pairs.set(name, pair);
    this.#unsettled.add(pair);
    return pair;
  }

  /** Everything fits until it is found not to: what then contains it is looked at again. */
  #settle(): void {
    const look = (pair: Pair): void => {
      pair.steps = explain(pair.from, pair.to, this.#explanation);
    };
    // It grows on the way.
    for (const pair of this.#unsettled) look(pair);
    const innerFirst = [...this.#unsettled].toReversed();
    for (let isSettled = false; !isSettled;) {
      isSettled = true;
      for (const pair of innerFirst) {
        const didFit = pair.steps.length === 0;
        look(pair);
        if (didFit && pair.steps.length > 0) isSettled = false;
      }
    }
    this.#unsettled.clear();
  }
}

function asAt(first: string, path: string, pair: Pair): Finding {
  const what = `changes as ${first.replace(/^\./, "")} does`;
  const pairs = new Set([pair]);
  for (const { steps } of pairs) for (const step of steps) if ("pair" in step) pairs.add(step.pair);
  const breaking = [...pairs].some(({ steps }) =>
    steps.some((step) => !("pair" in step) && step.breaking),
  );
  return { kind: "type", path, what, breaking };
}

function isInside(path: string, outer: string): boolean {
  return path.startsWith(outer) && /^($|[.[])/.test(path.slice(outer.length));
}
