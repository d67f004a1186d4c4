import type { PluginRecord } from "./record.ts";

/** Seconds before the first further try, and the most; each pause is twice the one before. */
const first = 1;
const most = 60;

interface Try {
  readonly count: number;
  readonly timer: NodeJS.Timeout;
  /** Since when it runs. */
  ranAt?: number;
}

/** Tries those again that failed while they started or ran, after longer and longer pauses. */
export class Backoff {
  readonly #again: (record: PluginRecord) => Promise<void>;
  readonly #tries = new Map<PluginRecord, Try>();

  constructor(again: (record: PluginRecord) => Promise<void>) {
    this.#again = again;
  }

  plan(record: PluginRecord): void {
    const before = this.#tries.get(record);
    clearTimeout(before?.timer);
    const { ranAt = Infinity } = before ?? {};
    // One that ran for a while begins at the beginning.
    const isFirst = !before || performance.now() - ranAt > most * 1000;
    const count = isFirst ? 0 : before.count + 1;
    const pause = Math.min(first * 2 ** count, most) * 1000;
    const timer = setTimeout(() => void this.#again(record), pause).unref();
    this.#tries.set(record, { count, timer });
    record.retryAt = new Date(Date.now() + pause);
  }

  /** It runs: it is not tried again, unless it fails soon. */
  rest(record: PluginRecord): void {
    const last = this.#tries.get(record);
    if (!last) return;
    clearTimeout(last.timer);
    last.ranAt = performance.now();
  }

  forget(record: PluginRecord): void {
    clearTimeout(this.#tries.get(record)?.timer);
    this.#tries.delete(record);
  }

  stop(): void {
    for (const record of this.#tries.keys()) this.forget(record);
  }
}
