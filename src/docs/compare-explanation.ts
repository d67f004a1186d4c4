import type { Meaning } from "./compare-alternative.ts";
import { type Sides, valueWords } from "./compare-words.ts";
import type { Direction } from "./components.ts";

export interface FitOptions {
  readonly direction: Direction;
  /** Whether it is the older side that is to fit the newer one. */
  readonly isForward: boolean;
  /** Values are sent as text: a number is one, too. */
  readonly isText: boolean;
}

/** What may fit the one side and not the other. */
export interface Finding {
  readonly kind: "field" | "type" | "value" | "limit" | "rule";
  readonly path: string;
  readonly what: string;
  /** Who knows only the older side sends it and is refused, or gets it and does not understand. */
  readonly breaking: boolean;
}

/** Two meanings, and why not everything that fits the first fits the second. */
export interface Pair {
  readonly from: Meaning;
  readonly to: Meaning;
  /** None while everything is believed to fit. */
  steps: readonly Step[];
}
/** A fault here, or what a path leads to has one. */
export type Step = Finding | { readonly path: string; readonly pair: Pair };

/** Says what does not fit. */
export class Explanation {
  readonly options: FitOptions;
  /** Whether somebody breaks on what does not fit: on what is refused now, or answered now. */
  readonly breaks: boolean;
  readonly #pair: (from: Meaning, to: Meaning) => Pair;

  constructor(options: FitOptions, pair: (from: Meaning, to: Meaning) => Pair) {
    this.options = options;
    this.breaks = (options.direction === "input") === options.isForward;
    this.#pair = pair;
  }

  inside(path: string, from: Meaning, to: Meaning): Step[] {
    const pair = this.#pair(from, to);
    return pair.steps.length ? [{ path, pair }] : [];
  }

  say(kind: Finding["kind"], what: string, path = ""): Finding {
    return { kind, path, what, breaking: this.breaks };
  }

  /** Of what is answered nobody checks the limits; of what is sent, the platform does. */
  sayChecked(kind: Finding["kind"], what: string): Finding {
    return { ...this.say(kind, what), breaking: this.breaks && this.options.direction === "input" };
  }

  /** What is not among what may be. */
  lost(what: string): Finding {
    return this.say("value", valueWords(what, this.options.isForward, this.options.direction));
  }

  sides<T>(from: T, to: T): Sides<T> {
    return this.options.isForward ? { before: from, after: to } : { before: to, after: from };
  }
}
