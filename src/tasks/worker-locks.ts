import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** Milliseconds after which a file that nobody holds is litter: a worker locks its own at once. */
const settled = 60_000;

/**
 * A file for each worker, locked as long as its process lives: the system lets go of it however the
 * process ends, so that others know at once. SQLite's locks, as Node has no others.
 */
export class WorkerLocks {
  readonly #folder: string;
  readonly #held = new Map<string, DatabaseSync>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Where it cannot be made, others wait for the lease instead. */
  hold(name: string): void {
    try {
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
      const file = this.#file(name);
      const lock = tryLock(file);
      if (lock) this.#held.set(name, lock);
      // A file that nobody holds says that its worker is dead.
      else rmSync(file, { force: true });
    } catch {
      // A folder that cannot be written.
    }
  }

  release(name: string): void {
    this.#held.get(name)?.close();
    if (this.#held.delete(name)) rmSync(this.#file(name), { force: true });
  }

  /** Locks those of the workers who are known to be dead; to be let go with `using`. */
  takeDead(names: readonly string[]): DeadWorkers {
    const taken = names.flatMap((name): [string, DatabaseSync][] => {
      const file = this.#file(name);
      // Without a file nothing is known: the worker may stand in another folder.
      const lock = existsSync(file) ? tryLock(file) : undefined;
      return lock ? [[name, lock]] : [];
    });
    return new DeadWorkers(taken, (name) => rmSync(this.#file(name), { force: true }));
  }

  /** Workers whose file is old enough to be litter; whether they are dead is seen by taking it. */
  get old(): string[] {
    if (!existsSync(this.#folder)) return [];
    return readdirSync(this.#folder).flatMap((file) => {
      const { mtimeMs = Infinity } =
        statSync(join(this.#folder, file), { throwIfNoEntry: false }) ?? {};
      return file.endsWith(ending) && Date.now() - mtimeMs > settled
        ? file.slice(0, -ending.length)
        : [];
    });
  }

  #file(name: string): string {
    return join(this.#folder, name + ending);
  }
}

const ending = ".lock";

export class DeadWorkers implements Disposable {
  readonly #taken: readonly (readonly [string, DatabaseSync])[];
  readonly #remove: (name: string) => void;

  constructor(taken: readonly (readonly [string, DatabaseSync])[], remove: (name: string) => void) {
    this.#taken = taken;
    this.#remove = remove;
  }

  get names(): string[] {
    return this.#taken.map(([name]) => name);
  }

  /** Forgets their files: they hold nothing any more. */
  remove(): void {
    for (const name of this.names) this.#remove(name);
  }

  [Symbol.dispose](): void {
    for (const [, lock] of this.#taken) lock.close();
  }
}

/** @returns nothing when somebody else has it, or when it cannot be opened: then the lease decides */
function tryLock(file: string): DatabaseSync | undefined {
  let lock: DatabaseSync | undefined;
  try {
    lock = new DatabaseSync(file, { timeout: 0 });
    // Nothing is ever written; without this there would be a second file.
    lock.exec("pragma journal_mode = memory; begin exclusive");
    return lock;
  } catch {
    lock?.close();
    return undefined;
  }
}
