import { setTimeout as sleep } from "node:timers/promises";
import { endingKey } from "../ending.ts";
import { NexusError } from "../exceptions.ts";
import { findScope } from "../scope.ts";
import { longestSeconds } from "../waiting.ts";
import { Response, type ResponseOptions } from "./response.ts";
import { type ServerEvent, writeEvent } from "./server-event.ts";
import { type Chunks, done, sourceOf } from "./source.ts";

export interface EventStreamOptions extends Omit<ResponseOptions, "mediaType"> {
  /** Seconds of silence after which a comment is sent, so that nobody between takes the stream for dead; default 15. */
  readonly keepAlive?: number | undefined;
  /** Seconds until a client that lost us comes back; default the client's own, a few. */
  readonly reconnect?: number | undefined;
}

/** What gives events; the signal fires when nobody hears them any more, for whatever it waits on. */
export type ServerEvents = Chunks<ServerEvent> | ((signal: AbortSignal) => Chunks<ServerEvent>);

/**
 * Server-sent events, until the source ends, the client goes, or the app or the plugin ends: then the
 * source's `finally` runs.
 */
export class EventStream extends Response {
  constructor(source: ServerEvents, options: EventStreamOptions = {}) {
    const { keepAlive = 15, reconnect, ...rest } = options;
    if (!(keepAlive > 0 && keepAlive <= longestSeconds))
      throw new NexusError("NX_SERVER_EVENT", `An EventStream was given keepAlive: ${keepAlive}.`, {
        cure: `Give it seconds, more than 0 and at most ${longestSeconds}.`,
      });
    if (reconnect !== undefined && !(reconnect >= 0 && reconnect <= longestSeconds))
      throw new NexusError("NX_SERVER_EVENT", `An EventStream was given reconnect: ${reconnect}.`, {
        cure: `Give it seconds, at most ${longestSeconds}.`,
      });
    const retry = reconnect === undefined ? undefined : Math.round(reconnect * 1000);
    const begun = findScope()?.find(endingKey)?.begun;
    super(new Events(source, { begun, retry, pause: keepAlive * 1000 }), rest);
    const fields = { "Content-Type": "text/event-stream", ...standard };
    for (const [name, value] of Object.entries(fields))
      if (!this.headers.has(name)) this.headers.append(name, value);
  }
}

// The last one tells nginx to pass on each event as it comes.
const standard = { "Cache-Control": "no-cache", "X-Accel-Buffering": "no" };

interface EventsOptions {
  readonly begun: AbortSignal | undefined;
  /** Milliseconds, as the next one. */
  readonly retry: number | undefined;
  readonly pause: number;
}

type Heard = "event" | "silence" | "end";

/**
 * Waits for whichever comes first: an event, the time for a sign of life, the end. No generator: the end
 * of one that waits would wait too.
 */
class Events implements AsyncIterable<string>, AsyncIterator<string, undefined> {
  readonly #over = new AbortController();
  readonly #begun: AbortSignal | undefined;
  readonly #pause: number;
  #first: string | undefined;
  #open: (() => AsyncIterator<ServerEvent>) | undefined;
  #source: AsyncIterator<ServerEvent> | undefined;
  #coming: Promise<IteratorResult<ServerEvent>> | undefined;
  #hasCome = false;
  #ended: Promise<IteratorReturnResult<undefined>> | undefined;
  /** Ends the present wait. */
  #wake: (heard: Heard) => void = () => {};

  constructor(source: ServerEvents, { begun, retry, pause }: EventsOptions) {
    if (typeof source === "function") this.#open = () => open(source(this.#over.signal));
    else this.#source = open(source);
    this.#first = retry === undefined ? undefined : `retry: ${retry}\n\n`;
    this.#pause = pause;
    this.#begun = begun;
  }

  [Symbol.asyncIterator](): this {
    this.#begun?.addEventListener("abort", this.#end);
    return this;
  }

  async next(): Promise<IteratorResult<string, undefined>> {
    if (this.#begun?.aborted || this.#ended) return this.return();
    if (this.#first !== undefined) {
      const value = this.#first;
      this.#first = undefined;
      return { value };
    }
    try {
      this.#source ??= this.#open!();
      this.#coming ??= this.#ask(this.#source);
      const heard = this.#hasCome ? "event" : await this.#hear();
      if (heard === "silence") return { value: ": keep-alive\n\n" };
      const step = heard === "end" ? done : await this.#coming;
      this.#coming = undefined;
      if (!step.done) return { value: writeEvent(step.value) };
    } catch (error) {
      this.#coming = undefined;
      // One that is told to end may say so by failing.
      const isTold = this.#ended !== undefined;
      await this.return();
      if (!isTold) throw error;
    }
    return this.return();
  }

  #ask(source: AsyncIterator<ServerEvent>): Promise<IteratorResult<ServerEvent>> {
    this.#hasCome = false;
    const tell = (): void => {
      this.#hasCome = true;
      this.#wake("event");
    };
    const coming = source.next();
    // Once: to listen anew in each wait would add up for as long as nothing comes.
    coming.then(tell, tell);
    return coming;
  }

  #hear(): Promise<Heard> {
    const { promise, resolve } = Promise.withResolvers<Heard>();
    const clock = setTimeout(resolve, this.#pause, "silence");
    this.#wake = resolve;
    return promise.finally(() => clearTimeout(clock));
  }

  readonly #end = (): void => void this.return().catch(() => {});

  return(): Promise<IteratorReturnResult<undefined>> {
    return (this.#ended ??= this.#close());
  }

  async #close(): Promise<IteratorReturnResult<undefined>> {
    this.#begun?.removeEventListener("abort", this.#end);
    this.#over.abort(new Error("Nobody hears these events any more"));
    const isWaiting = this.#coming !== undefined;
    const ended = this.#source?.return?.();
    // One that waits for what never comes, and not for the signal, would keep the answer for ever.
    if (isWaiting)
      await Promise.race([ended?.catch(() => {}), sleep(patience, undefined, { ref: false })]);
    else await ended;
    this.#wake("end");
    return done;
  }
}

function open(chunks: Chunks<ServerEvent>): AsyncIterator<ServerEvent> {
  return sourceOf(chunks)[Symbol.asyncIterator]();
}

/** Milliseconds for a source that waits to hear its signal. */
const patience = 500;
