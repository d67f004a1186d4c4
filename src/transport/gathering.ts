import type { IncomingMessage } from "node:http";
import { brokeOff } from "./broke-off.ts";

/** A small body of node:http, gathered as it comes. */
export class Gathering {
  readonly #incoming: IncomingMessage;
  readonly #chunks: Uint8Array[] = [];
  #missing: number;
  #begin: (() => void) | undefined;
  #isWhole = false;

  /**
   * @param length bytes of the body
   * @param begin runs when it is whole; or sooner, where it did not come in one piece with its head
   */
  constructor(incoming: IncomingMessage, length: number, begin: () => void) {
    this.#incoming = incoming;
    this.#missing = length;
    this.#begin = begin;
    incoming.on("data", (chunk: Uint8Array) => {
      this.#chunks.push(chunk);
      this.#missing -= chunk.byteLength;
    });
    incoming.on("end", () => {
      this.#isWhole = true;
      this.#start();
    });
    process.nextTick(beginEarly, this);
  }

  /** @returns nothing while some of it is missing */
  get whole(): Uint8Array | undefined {
    if (!this.#isWhole) return undefined;
    return this.#chunks.length === 1 ? this.#chunks[0] : Buffer.concat(this.#chunks);
  }

  /** @throws 400 where it breaks off */
  arrival(): Promise<Uint8Array> {
    const incoming = this.#incoming;
    if (incoming.destroyed && !this.#isWhole) return Promise.reject(brokeOff());
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    incoming.once("end", () => resolve(this.whole!));
    incoming.once("error", (error) => reject(brokeOff(error)));
    incoming.once("close", () => reject(brokeOff()));
    return promise;
  }

  /** Its sender takes time: nobody knows how much. */
  beginEarly(): void {
    if (this.#missing > 0) this.#start();
  }

  #start(): void {
    const begin = this.#begin;
    this.#begin = undefined;
    begin?.();
  }
}

const beginEarly = (gathering: Gathering): void => gathering.beginEarly();
