import type { Connection } from "./connection.ts";
import type { Parser } from "./parser.ts";
import { Turn } from "./turn.ts";

/** A request for node:http that waits until all before it has been answered, with what has come of its body. */
export class HeldTurn extends Turn {
  readonly #connection: Connection;
  readonly #give: (chunks: readonly Uint8Array[], isWhole: boolean) => void;
  #chunks: Uint8Array[] = [];
  #size = 0;
  #isWhole = false;

  constructor(
    connection: Connection,
    give: (chunks: readonly Uint8Array[], isWhole: boolean) => void,
  ) {
    super(connection);
    this.#connection = connection;
    this.#give = give;
  }

  take(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#size += chunk.byteLength;
    this.#connection.weigh(chunk.byteLength);
  }

  end(): void {
    this.#isWhole = true;
  }

  override get isArriving(): boolean {
    return !this.#isWhole;
  }

  /** Another turn takes its place, and what has come of it. */
  override come(): void {
    // Its parser may already read for another connection.
    if (this.isLost) return this.withdraw();
    this.#connection.give(this, () => this.#give(this.#chunks, this.#isWhole));
    this.withdraw();
  }

  override withdraw(): void {
    this.#connection.weigh(-this.#size);
    this.#chunks = [];
    this.#size = 0;
  }
}

/** What came in parts of a head that is not passed on, or as trailers. */
export function takeFields(parser: Parser): { readonly fields: string[]; readonly target: string } {
  const { _headers: fields, _url: target } = parser;
  parser._headers = [];
  parser._url = "";
  return { fields, target };
}
