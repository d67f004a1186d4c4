import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../exceptions.ts";
import type { PluginHost } from "../plugin/index.ts";
import { untilAborted } from "../waiting.ts";

/** Requests of a version, and its own faults: answers that were 5xx, and promises that nobody awaited. */
export interface Traffic {
  readonly requests: number;
  readonly faults: number;
}

export interface ProbationOptions {
  readonly host: PluginHost;
  readonly plugin: string;
  /** Of the version before. */
  readonly before: Traffic;
  readonly until: Date;
}

/** The least number of faults that says anything, and how much worse than before is worse. */
const enough = 3;
const factor = 2;
const allowance = 0.02;
/** Milliseconds between two looks. */
const pause = 200;

/** The first time of a new version, in which it shows whether it is worse than the one before. */
export class Probation {
  readonly until: Date;
  /** Why it is worse; `undefined` when it has stood the test, or nobody watches any more. */
  readonly verdict: Promise<string | undefined>;
  readonly #options: ProbationOptions;
  readonly #end = new AbortController();
  #unwell = 0;

  constructor(options: ProbationOptions) {
    this.#options = options;
    this.until = options.until;
    this.verdict = this.#watch();
  }

  /** Watches no more. */
  stop(): void {
    this.#end.abort();
  }

  async #watch(): Promise<string | undefined> {
    const { signal } = this.#end;
    const until = await this.#begin();
    while (!signal.aborted && Date.now() < until) {
      const wait = Math.min(pause, until - Date.now());
      await sleep(wait, undefined, { signal, ref: false }).catch(() => {});
      const worse = signal.aborted ? undefined : (this.#isFailing() ?? (await this.#isUnwell()));
      if (worse !== undefined && !signal.aborted) return worse;
    }
    return undefined;
  }

  /** Who went back while others start would do so beside them. A start that took all the time is judged, too. */
  async #begin(): Promise<number> {
    const { starting } = this.#options.host;
    if (!starting) return +this.until;
    await untilAborted(this.#end.signal, starting);
    return Math.max(+this.until, Date.now() + 3 * pause);
  }

  #isFailing(): string | undefined {
    const { host, plugin, before } = this.#options;
    const now = host.traffic(plugin);
    if (now.faults < enough || rateOf(now) <= rateOf(before) * factor + allowance) return undefined;
    return `it had ${share(now)}, the version before ${share(before)}`;
  }

  async #isUnwell(): Promise<string | undefined> {
    const { host, plugin } = this.#options;
    const { state, failure } = host.status(plugin) ?? {};
    try {
      if (failure) throw failure.error;
      // While the app starts it may not have come so far.
      if (state === "started") await host.health(plugin);
      this.#unwell = 0;
      return undefined;
    } catch (error) {
      // Once may be a moment of somebody else's.
      return ++this.#unwell > 1 ? `it is unwell: ${messageOf(error)}` : undefined;
    }
  }
}

function share({ faults, requests }: Traffic): string {
  return `${faults} ${faults === 1 ? "fault" : "faults"} in ${requests} ${requests === 1 ? "request" : "requests"}`;
}

/** One request may have several faults, and what runs by itself has none of the former. */
function rateOf({ requests, faults }: Traffic): number {
  return faults ? faults / Math.max(requests, faults) : 0;
}
