import type { PluginRecord } from "./record.ts";

/** Seconds before the first further try, and the most; each pause is twice the one before. */
const first = 1;
const most = 60;

/** Tries those again that failed while they started, after longer and longer pauses. */
export class Backoff {
  readonly #again: (record: PluginRecord) => Promise<void>;
  readonly #tries = new Map<PluginRecord, { count: number; timer: NodeJS.Timeout }>();

  constructor(again: (record: PluginRecord) => Promise<void>) {
    this.#again = again;
  }

  plan(record: PluginRecord): void {
    const before = this.#tries.get(record);
    clearTimeout(before?.timer);
    const count = before ? before.count + 1 : 0;
    const pause = Math.min(first * 2 ** count, most) * 1000;
    const timer = setTimeout(() => void this.#again(record), pause).unref();
    this.#tries.set(record, { count, timer });
    record.retryAt = new Date(Date.now() + pause);
  }

  forget(record: PluginRecord): void {
    clearTimeout(this.#tries.get(record)?.timer);
    this.#tries.delete(record);
  }

  stop(): void {
    for (const record of this.#tries.keys()) this.forget(record);
  }
}
