import type { JSONSchema } from "../validation/index.ts";
import type { Finding } from "./compare-explanation.ts";
import { Fit } from "./compare-fit.ts";
import { Meanings } from "./compare-meaning.ts";

/** What a schema is for: `text` is an input, too, whose numbers are written as text. */
export type Usage = "input" | "text" | "output";

/** Compares schemas of two documents by what fits them, not by how they are written. */
export class SchemaComparison {
  readonly #input: Sets;
  readonly #text: Sets;
  readonly #output: Sets;

  constructor(before: unknown, after: unknown) {
    const meanings = (direction: "input" | "output") =>
      [new Meanings(before, direction), new Meanings(after, direction)] as const;
    const inputs = meanings("input");
    this.#input = new Sets(...inputs, false);
    this.#text = new Sets(...inputs, true);
    this.#output = new Sets(...meanings("output"), false);
  }

  of(before: JSONSchema, after: JSONSchema, usage: Usage): Finding[] {
    const sets = { input: this.#input, text: this.#text, output: this.#output }[usage];
    return sets.compare(before, after);
  }
}

/** What fits before and after, both ways. */
class Sets {
  readonly #before: Meanings;
  readonly #after: Meanings;
  readonly #forward: Fit;
  readonly #backward: Fit;

  constructor(before: Meanings, after: Meanings, isText: boolean) {
    const { direction } = before;
    this.#before = before;
    this.#after = after;
    this.#forward = new Fit({ direction, isText, isForward: true });
    this.#backward = new Fit({ direction, isText, isForward: false });
  }

  compare(one: JSONSchema, other: JSONSchema): Finding[] {
    const [before, after] = [this.#before.meaningOf(one), this.#after.meaningOf(other)];
    const narrower = this.#forward.find(before, after);
    const wider = this.#backward.find(after, before);
    const isInput = this.#before.direction === "input";
    const said = new Set<string>();
    // What breaks somebody comes first, and counts.
    return [...(isInput ? narrower : wider), ...(isInput ? wider : narrower)].filter(
      ({ path, what }) => !said.has(`${path} ${what}`) && said.add(`${path} ${what}`),
    );
  }
}
