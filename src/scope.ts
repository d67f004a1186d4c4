import { AsyncLocalStorage } from "node:async_hooks";
import { NexusError } from "./exceptions.ts";

/** A typed name for something that a scope provides; two keys of one name are the same key. */
export interface Key<T> {
  readonly name: string;
  /** Only for the compiler. */
  readonly type?: T;
}

export const key = <T>(name: string): Key<T> => ({ name });

export type ScopeKind = "app" | "plugin" | "request" | "call";

const current = new AsyncLocalStorage<Scope>();

/** A lifetime: what it provides, and what must be undone when it ends. */
export class Scope {
  readonly kind: ScopeKind;
  readonly name: string;
  #parent: Scope | undefined;
  // Both are made when first needed: a request that keeps nothing pays for nothing.
  #values: Map<string, unknown> | undefined;
  #undo: (() => unknown)[] | undefined;
  #guests: Scope[] | undefined;
  /** Its place among the guests of its parent. */
  #seat = -1;
  #vacate: (() => void)[] | undefined;
  #visits = 0;
  #isOver = false;

  constructor(kind: ScopeKind, name: string, parent?: Scope) {
    this.kind = kind;
    this.name = name;
    this.#parent = parent;
  }

  get parent(): Scope | undefined {
    return this.#parent;
  }

  /** The app's. */
  get root(): Scope {
    return this.#parent?.root ?? this;
  }

  child(kind: ScopeKind, name: string): Scope {
    return new Scope(kind, name, this);
  }

  /** The nearest of a kind that this scope is in: itself, else the one around it. */
  nearest(kind: ScopeKind): Scope | undefined {
    return this.kind === kind ? this : this.#parent?.nearest(kind);
  }

  /**
   * Puts this scope under another one, as its guest until it leaves: a request belongs to a plugin once
   * its route is known.
   */
  moveTo(parent: Scope): void {
    this.#parent = parent;
    this.#seat = (parent.#guests ??= []).push(this) - 1;
    parent.#visits++;
  }

  /** Ends being a guest; what it finds stays the same. */
  leave(): void {
    const host = this.#parent;
    if (!host || this.#seat < 0) return;
    const guests = host.#guests!;
    // The last one takes the seat that becomes free.
    const last = guests.pop()!;
    last.#seat = this.#seat;
    if (last !== this) guests[this.#seat] = last;
    this.#seat = -1;
    if (guests.length) return;
    for (const vacate of host.#vacate?.splice(0) ?? []) vacate();
  }

  /** Those that have moved in and not left. */
  get guests(): readonly Scope[] {
    return this.#guests ?? [];
  }

  /** How many have ever moved in. */
  get visits(): number {
    return this.#visits;
  }

  /** Resolves when the last guest has left. */
  vacated(): Promise<void> {
    if (!this.#guests?.length) return Promise.resolve();
    return new Promise((resolve) => (this.#vacate ??= []).push(resolve));
  }

  /** Returns the undo. */
  provide<T>(key: Key<T>, value: T): () => void {
    const values = (this.#values ??= new Map());
    values.set(key.name, value);
    return () => {
      if (values.get(key.name) === value) values.delete(key.name);
    };
  }

  /** As `provide`, but the value is made when it is first asked for. */
  provideLazy<T>(key: Key<T>, create: () => T): () => void {
    let made: { readonly value: T } | undefined;
    return this.provideFrom(key, () => (made ??= { value: create() }).value);
  }

  /** As `provide`, but each who asks is told apart: the function gets the scope that asks. */
  provideFrom<T>(key: Key<T>, answer: (asking: Scope) => T): () => void {
    return this.provide<unknown>(key, new Provider(answer));
  }

  find<T>(key: Key<T>): T | undefined {
    for (let scope: Scope | undefined = this; scope; scope = scope.#parent) {
      const value = scope.#values?.get(key.name);
      if (value instanceof Provider) return value.answer(this) as T;
      if (value !== undefined) return value as T;
    }
    return undefined;
  }

  /** @throws NX_NOT_PROVIDED */
  get<T>(key: Key<T>): T {
    const value = this.find(key);
    if (value !== undefined) return value;
    throw new NexusError("NX_NOT_PROVIDED", `Nothing provides "${key.name}" in ${this}.`, {
      cure: "List the class in `static services` of the plugin that owns it, and start that plugin.",
    });
  }

  /** What this scope itself provides under a key, made or not; a parent's is not looked at. */
  has(key: Key<unknown>): boolean {
    return this.#values?.has(key.name) ?? false;
  }

  /** Remembers what to undo when this scope ends; the newest is undone first. */
  defer(undo: () => unknown): void {
    (this.#undo ??= []).push(undo);
  }

  /** Forgets one that was deferred: there is nothing to undo any more. */
  withdraw(undo: () => unknown): void {
    const at = this.#undo?.lastIndexOf(undo) ?? -1;
    if (at >= 0) this.#undo!.splice(at, 1);
  }

  /** Whether it has ended: what is deferred now nobody undoes. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Whether ending this scope has anything to do. */
  get isEmpty(): boolean {
    return this.#undo === undefined;
  }

  /**
   * Undoes everything, newest first; every undo runs even when one fails.
   * @param wait how long each is waited for, and that fails when it takes longer; default: for ever
   * @throws AggregateError of what failed
   */
  async dispose(wait?: (undoing: unknown) => Promise<unknown>): Promise<void> {
    const failures: unknown[] = [];
    // An undo may itself defer something: go on until nothing is left.
    for (let undo = this.#undo?.pop(); undo; undo = this.#undo?.pop()) {
      try {
        const undoing = undo();
        await (wait ? wait(undoing) : undoing);
      } catch (error) {
        failures.push(error);
      }
    }
    this.#isOver = true;
    if (failures.length)
      throw new AggregateError(failures, `Parts of ${this} did not end cleanly.`);
  }

  /** Runs a function in this scope: whatever it calls, at any depth, finds it by `currentScope`. */
  run<R>(work: () => R): R {
    return current.run(this, work);
  }

  /**
   * Makes this the scope of all that the running callback of the event loop still does. It costs a third of
   * `run`, which puts back what was before: for servers, whose callback ends behind a request.
   */
  enter(): void {
    current.enterWith(this);
  }

  toString(): string {
    return this.kind === "app" ? "the app" : `${this.kind} "${this.name}"`;
  }
}

class Provider {
  readonly answer: (asking: Scope) => unknown;
  constructor(answer: (asking: Scope) => unknown) {
    this.answer = answer;
  }
}

export function findScope(): Scope | undefined {
  return current.getStore();
}

/**
 * The scope that the calling code runs in.
 * @param caller named in the error, as `emit()`
 * @throws NX_NO_SCOPE outside every scope
 */
export function currentScope(caller: string): Scope {
  const scope = current.getStore();
  if (scope) return scope;
  throw new NexusError("NX_NO_SCOPE", `${caller} was called outside every app and request.`, {
    cure: "Call it in a handler, a service, a task or a plugin's start(), or inside app.run(() => …).",
  });
}
