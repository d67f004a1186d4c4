import type { Transform } from "node:stream";
import type { Zlib } from "node:zlib";
import { done } from "../message/index.ts";
import type { Encoding } from "./accept-encoding.ts";

/** Compresses, on other threads than the one that answers. */
export interface Encoder {
  readonly whole: (body: Uint8Array) => Promise<Uint8Array>;
  /** Each chunk leaves when it comes: none waits for the next one. */
  readonly stream: (body: AsyncIterable<Uint8Array | string>) => AsyncIterable<Uint8Array>;
}

export function createEncoder(encoding: Encoding): Encoder {
  // An import would load it for apps that compress nothing.
  const zlib = process.getBuiltinModule("node:zlib");
  const { constants } = zlib;
  if (encoding === "gzip")
    return {
      whole: settled((body, done) => zlib.gzip(body, done)),
      stream: (body) => new Encoded(body, () => zlib.createGzip(), constants.Z_SYNC_FLUSH),
    };
  // A stream may stay open for days: with the windows that Node gives it, it would hold some 3 MB.
  if (encoding === "zstd") {
    const { ZSTD_c_windowLog, ZSTD_c_hashLog, ZSTD_c_chainLog, ZSTD_e_flush: flush } = constants;
    const params = { [ZSTD_c_windowLog]: 17, [ZSTD_c_hashLog]: 15, [ZSTD_c_chainLog]: 15 };
    return {
      whole: settled((body, done) => zlib.zstdCompress(body, done)),
      stream: (body) => new Encoded(body, () => zlib.createZstdCompress({ params }), flush),
    };
  }
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_LGWIN, BROTLI_OPERATION_FLUSH: flush } = constants;
  // Node's default of 11 takes many times as long, for little less.
  const params = { [BROTLI_PARAM_QUALITY]: 4 };
  const small = { ...params, [BROTLI_PARAM_LGWIN]: 18 };
  return {
    whole: settled((body, done) => zlib.brotliCompress(body, { params }, done)),
    stream: (body) => new Encoded(body, () => zlib.createBrotliCompress({ params: small }), flush),
  };
}

type Callback = (error: Error | null, result: Uint8Array) => void;

function settled(compress: (body: Uint8Array, done: Callback) => void): Encoder["whole"] {
  return (body) =>
    new Promise((resolve, reject) => {
      compress(body, (error, result) => (error ? reject(error) : resolve(result)));
    });
}

type Compressor = Transform & Zlib;

/** No generator: the end of one that waits for its next chunk would wait too. */
class Encoded implements AsyncIterable<Uint8Array>, AsyncIterator<Uint8Array, undefined> {
  readonly #source: AsyncIterator<Uint8Array | string>;
  readonly #open: () => Compressor;
  readonly #flush: number;
  #compressor: Compressor | undefined;
  #made: Uint8Array[] = [];
  #busy: Promise<void> | undefined;
  #ended = false;

  constructor(body: AsyncIterable<Uint8Array | string>, open: () => Compressor, flush: number) {
    this.#source = body[Symbol.asyncIterator]();
    this.#open = open;
    this.#flush = flush;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    try {
      while (!this.#ended) {
        const step = await this.#source.next();
        // It may have been ended meanwhile.
        if (this.#ended) break;
        if (step.done) this.#ended = true;
        this.#busy = this.#compress(step.done ? undefined : step.value);
        await this.#busy;
        const value = Buffer.concat(this.#made.splice(0));
        if (value.byteLength) return { value };
      }
    } catch (error) {
      await this.return();
      throw error;
    }
    return done;
  }

  /** @param chunk what comes next; without one it was the last */
  async #compress(chunk: Uint8Array | string | undefined): Promise<void> {
    const compressor = (this.#compressor ??= this.#listen());
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    compressor.once("error", reject);
    if (chunk === undefined) {
      compressor.once("end", resolve).end();
    } else if (chunk.length) {
      compressor.write(chunk);
      compressor.flush(this.#flush, resolve);
    } else resolve();
    await promise;
    compressor.off("error", reject);
    // What still stands in its buffer goes to the listener too.
    while (compressor.read() !== null);
  }

  #listen(): Compressor {
    return this.#open().on("data", (chunk: Uint8Array) => this.#made.push(chunk));
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    this.#ended = true;
    try {
      await this.#source.return?.();
    } finally {
      await this.#busy?.catch(() => {});
      this.#compressor?.close();
    }
    return done;
  }
}
