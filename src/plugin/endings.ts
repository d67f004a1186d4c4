import { endQuietly } from "./boot.ts";
import type { Ground } from "./swap.ts";
import type { Unit } from "./unit.ts";

/** Those that still end, after they were stopped or others have taken their place. */
export class Endings {
  readonly #ground: Ground;
  readonly #running = new Map<Unit, Promise<void>>();

  constructor(ground: Ground) {
    this.#ground = ground;
  }

  /** Ends units while the app goes on: all are told at once, and the one that others need goes last. */
  begin(old: readonly Unit[], seconds?: number): Promise<void> {
    let work = Promise.resolve();
    for (const unit of old) {
      work = endQuietly(this.#ground, unit, seconds, work);
      this.#running.set(unit, work);
      void work.finally(() => this.#running.delete(unit));
    }
    return work;
  }

  /** The ends of those that may still ask for one of these plugins. */
  needing(names: readonly string[]): Promise<void>[] {
    return this.#of((unit) => names.some((name) => unit.needs.has(name)));
  }

  /** Resolves when no older one of these plugins is there any more. */
  async of(names: readonly string[]): Promise<void> {
    await Promise.all(this.#of(({ name }) => names.includes(name)));
  }

  async all(): Promise<void> {
    await Promise.all(this.#running.values());
  }

  #of(isMeant: (unit: Unit) => boolean): Promise<void>[] {
    return [...this.#running].flatMap(([unit, ended]) => (isMeant(unit) ? [ended] : []));
  }
}
