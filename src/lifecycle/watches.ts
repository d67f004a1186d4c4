import { endingKey } from "../ending.ts";
import { messageOf } from "../exceptions.ts";
import { type LifecycleOptions, save, savedOf, tell } from "./options.ts";
import { Probation } from "./probation.ts";
import type { SavedWatch } from "./state.ts";
import type { Turns } from "./turns.ts";

/** How the last upgrade of a plugin went, as far as this process knows. */
export interface LastUpgrade {
  readonly from: string;
  readonly to: string;
  readonly at: Date;
  readonly outcome: "watched" | "kept" | "rolled back";
  /** Why it was rolled back, or why it is not watched any more. */
  readonly reason?: string | undefined;
  /** The file with the tables as the version that was rolled back has left them. */
  readonly exported?: string | undefined;
}

/** New versions in the time in which they are compared with those before them; a restart does not end it. */
export class Watches {
  readonly #options: LifecycleOptions;
  readonly #turns: Turns;
  readonly #rollback: (name: string, reason: string) => Promise<void>;
  readonly #probations = new Map<string, Probation>();
  readonly #last = new Map<string, LastUpgrade>();
  /** What ends by an error that nobody caught ends no watch: the next start is to know. */
  #isCrash = false;

  /** @param rollback of a version that is worse than the one before */
  constructor(
    options: LifecycleOptions,
    turns: Turns,
    rollback: (name: string, reason: string) => Promise<void>,
  ) {
    this.#options = options;
    this.#turns = turns;
    this.#rollback = rollback;
    const { app } = options;
    // At once, since whoever asks for the end may not wait for it; and again for what is decided until then.
    const { begun } = app.get(endingKey);
    const pause = (): Promise<void> => this.#pause();
    const end = (): void => {
      this.#end();
      void pause().catch(() => {});
    };
    begun.addEventListener("abort", end, { once: true });
    app.defer(pause);
  }

  last(name: string): LastUpgrade | undefined {
    return this.#last.get(name);
  }

  until(name: string): Date | undefined {
    return this.#probations.get(name)?.until;
  }

  note(name: string, upgrade: Omit<LastUpgrade, "at">): void {
    this.#last.set(name, { ...upgrade, at: new Date() });
  }

  /** The process is about to end by an error that nobody caught. */
  crash(): void {
    this.#isCrash = true;
  }

  /** Ends the watching: something else has happened to the plugin. */
  leave(name: string, reason: string): void {
    this.#probations.get(name)?.stop();
    this.#probations.delete(name);
    this.#keep(name, reason);
  }

  /** @returns what resolves when the time is over, or it was rolled back */
  async watch(name: string, { until, before }: SavedWatch): Promise<void> {
    const { host, app } = this.#options;
    const { begun } = app.get(endingKey);
    // The next process does.
    if (begun.aborted) return;
    const now = this.#last.get(name);
    const probation = new Probation({ host, plugin: name, before, until: new Date(until) });
    this.#probations.set(name, probation);
    const worse = await probation.verdict;
    // Something else may have happened to it meanwhile.
    if (this.#probations.get(name) !== probation) return;
    await this.#turns.take(name, async () => {
      if (this.#probations.get(name) !== probation || this.#last.get(name) !== now) return;
      this.#probations.delete(name);
      if (worse === undefined) return this.#stand(name);
      try {
        await this.#rollback(name, worse);
      } catch (error) {
        // The next start does it.
        if (begun.aborted) return this.#remember(name, worse);
        const why = `it is worse (${worse}), and could not be rolled back: ${messageOf(error)}`;
        tell(this.#options, name, `${why[0]!.toUpperCase()}${why.slice(1)}`, "error");
        await this.#stand(name, why);
      }
    });
  }

  /** Goes on with what a process before has begun; before plugins start. */
  async resume(name: string): Promise<void> {
    const { watch, version = "", previous } = savedOf(this.#options, name);
    if (!watch) return;
    if (Date.now() >= Date.parse(watch.until)) {
      await save(this.#options, name, { watch: undefined });
      return;
    }
    const { paused: _, ...armed } = watch;
    await save(this.#options, name, { watch: armed });
    this.note(name, { from: previous?.version ?? "", to: version, outcome: "watched" });
    void this.watch(name, armed);
  }

  /** Nobody watches any more; what is kept is left to the next process. */
  #end(): void {
    for (const probation of this.#probations.values()) probation.stop();
    this.#probations.clear();
  }

  async #remember(name: string, worse: string): Promise<void> {
    const { watch } = savedOf(this.#options, name);
    if (watch) await save(this.#options, name, { watch: { ...watch, paused: true, worse } });
  }

  /** It stays. */
  async #stand(name: string, reason?: string): Promise<void> {
    this.#keep(name, reason);
    if (savedOf(this.#options, name).watch) await save(this.#options, name, { watch: undefined });
  }

  #keep(name: string, reason?: string): void {
    const last = this.#last.get(name);
    if (last?.outcome === "watched") this.#last.set(name, { ...last, outcome: "kept", reason });
  }

  /** Who ends because it was asked to does not speak against any version. */
  async #pause(): Promise<void> {
    const { states, isLed } = this.#options;
    const names = states.names.filter((name) => states.get(name)!.watch);
    if (this.#isCrash || isLed) return;
    const pause = async (name: string): Promise<void> => {
      const { watch } = savedOf(this.#options, name);
      if (watch && !watch.paused)
        await save(this.#options, name, { watch: { ...watch, paused: true } });
    };
    await Promise.all(names.map((name) => this.#turns.take(name, () => pause(name))));
  }
}
