import type { IncomingMessage } from "node:http";
import { brokeOff } from "./broke-off.ts";

/** A small body of node:http, gathered as it comes. */
export class Gathering {
  readonly #incoming: IncomingMessage;
  readonly #chunks: Uint8Array[] = [];
  #missing: number;
  #begin: (() => void) | undefined;
  #isWhole = false;
  #isWaited = false;
  #news: PromiseWithResolvers<void> | undefined;

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
      this.#tell();
    });
    incoming.on("end", () => {
      this.#isWhole = true;
      this.#tell();
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
  async arrival(): Promise<Uint8Array> {
    while (!this.#isWhole) await this.#next();
    return this.whole!;
  }

  /** As they come. @throws 400 where it breaks off */
  async *pieces(): AsyncGenerator<Uint8Array> {
    for (let at = 0; ;) {
      while (at < this.#chunks.length) yield this.#chunks[at++]!;
      if (this.#isWhole) return;
      await this.#next();
    }
  }

  /** Waits for more of it. */
  #next(): Promise<void> {
    const incoming = this.#incoming;
    if (incoming.destroyed) return Promise.reject(brokeOff());
    if (!this.#isWaited) {
      this.#isWaited = true;
      incoming.on("error", (error) => this.#news?.reject(brokeOff(error)));
      incoming.on("close", () => this.#news?.reject(brokeOff()));
    }
    return (this.#news ??= Promise.withResolvers()).promise;
  }

  #tell(): void {
    this.#news?.resolve();
    this.#news = undefined;
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
