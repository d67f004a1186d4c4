import { findContext } from "../context.ts";
import { HTTPException } from "../exceptions.ts";

/** Checking lets somebody in who is known; making is what strangers ask for, and waits behind it. */
export type Lane = "check" | "make";

interface Waiter {
  readonly lane: Lane;
  readonly go: () => void;
}

/** Work of which only a little may go on at once: the rest waits, and too much of it is sent away. */
export class Turns {
  readonly #waiting: Readonly<Record<Lane, Set<Waiter>>> = { check: new Set(), make: new Set() };
  readonly #mostWaiting: number;
  #free: number;

  /** @param mostWaiting in each lane */
  constructor(atOnce: number, mostWaiting: number) {
    this.#free = atOnce;
    this.#mostWaiting = mostWaiting;
  }

  /** @throws 503 when too many wait; the reason of the request's signal when its client has gone meanwhile */
  async take<T>(lane: Lane, work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await this.#wait(lane);
    try {
      return await work();
    } finally {
      const next = first(this.#waiting.check) ?? first(this.#waiting.make);
      if (next) {
        this.#waiting[next.lane].delete(next);
        next.go();
      } else this.#free++;
    }
  }

  async #wait(lane: Lane): Promise<void> {
    const waiting = this.#waiting[lane];
    if (waiting.size >= this.#mostWaiting) {
      throw new HTTPException(503, "Too many passwords wait to be checked; try again soon", {
        errorCode: "BUSY",
        headers: { "Retry-After": "5" },
      });
    }
    const signal = findContext()?.request.signal;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter: Waiter = { lane, go: resolve };
    const leave = (): void => {
      waiting.delete(waiter);
      reject(new HTTPException(503, "The client has gone"));
    };
    waiting.add(waiter);
    signal?.addEventListener("abort", leave, { once: true });
    await promise.finally(() => signal?.removeEventListener("abort", leave));
  }
}

function first<T>(set: ReadonlySet<T>): T | undefined {
  return set.values().next().value;
}
