import type { Readable } from "node:stream";

/** What a body can be made of, a piece at a time: web and Node streams are async iterables too. */
export type Chunks<T> = AsyncIterable<T> | Iterable<T>;

/**
 * Any source as one that ends at once when it is told so, also while it waits: the iterators of web and
 * Node streams would wait for their next chunk first, or never close what was never begun.
 */
export function sourceOf<T>(chunks: Chunks<T>): AsyncIterable<T> {
  // One chunk, not one a letter.
  if (typeof chunks === "string") return lift([chunks as T]);
  if (isWebStream<T>(chunks)) return fromReader(chunks);
  if (isReadable(chunks)) return fromReadable(chunks);
  return Symbol.asyncIterator in chunks ? chunks : lift(chunks);
}

/** Each piece of a source, changed; whoever ends it ends the source. */
export function mapped<T, R>(
  source: AsyncIterable<T>,
  change: (piece: T) => R | Promise<R>,
): AsyncIterable<R> {
  return {
    [Symbol.asyncIterator]() {
      const inner = source[Symbol.asyncIterator]();
      const close = async (): Promise<void> => void (await inner.return?.());
      return {
        async next() {
          const step = await inner.next();
          if (step.done) return done;
          try {
            return { value: await change(step.value) };
          } catch (error) {
            await close();
            throw error;
          }
        },
        return: () => close().then(() => done),
      };
    },
  };
}

/** Ends a body that nobody will read. */
export async function discard(body: unknown): Promise<void> {
  if (typeof body !== "object" || body === null || !(Symbol.asyncIterator in body)) return;
  const source = (body as AsyncIterable<unknown>)[Symbol.asyncIterator]();
  await source.return?.();
}

export const done: IteratorReturnResult<undefined> = { done: true, value: undefined };

async function* lift<T>(chunks: Iterable<T>): AsyncIterable<T> {
  yield* chunks;
}

function isWebStream<T>(chunks: object): chunks is ReadableStream<T> {
  return "getReader" in chunks;
}

function fromReader<T>(stream: ReadableStream<T>): AsyncIterable<T> {
  return {
    [Symbol.asyncIterator]() {
      const reader = stream.getReader();
      return {
        async next() {
          const step = await reader.read();
          return step.done ? done : { value: step.value };
        },
        return: () => reader.cancel().then(() => done),
      };
    },
  };
}

function isReadable(chunks: object): chunks is Readable {
  return "pipe" in chunks && "destroy" in chunks && Symbol.asyncIterator in chunks;
}

function fromReadable<T>(stream: Readable): AsyncIterable<T> {
  // It may fail before anybody asks it, and that would end the process; who asks later is told.
  stream.on("error", () => {});
  return {
    [Symbol.asyncIterator]() {
      const inner = stream[Symbol.asyncIterator]() as AsyncIterator<T>;
      let ended = false;
      return {
        async next() {
          try {
            const step = await inner.next();
            return step.done ? done : { value: step.value };
          } catch (error) {
            if (ended) return done;
            throw error;
          }
        },
        async return() {
          ended = true;
          stream.destroy();
          return done;
        },
      };
    },
  };
}
