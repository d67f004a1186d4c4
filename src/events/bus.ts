import { currentLog, logKey, silent } from "../log.ts";
import { findScope, key, Scope } from "../scope.ts";
import { type Happened, type Listener, matcherOf } from "./listener.ts";

export const eventsKey = key<Events>("events");
/** Whose listener it is that hears; the scopes around its call are its emitter's. */
export const hearerKey = key<Scope>("nexus/hearer");

interface Subscription {
  readonly listener: Listener;
  readonly scope: Scope | undefined;
  readonly matches: (name: string) => boolean;
  readonly remove: () => void;
  active: boolean;
}

/** Who listens to what, in one app. */
export class Events {
  readonly #found = new Map<string, readonly Subscription[]>();
  readonly #failures = new Map<string, number>();
  // In the order of hearing. Never changed, only replaced: a running publish keeps its own.
  #subscriptions: readonly Subscription[] = [];

  /** How often listeners failed, by the event's name; of the last 1000 names. */
  get failures(): ReadonlyMap<string, number> {
    return this.#failures;
  }

  /**
   * Returns the undo. The handler runs in its emitter's scope, and so in its request and its
   * transaction; after the end of its own scope it hears nothing.
   */
  subscribe(listener: Listener, scope?: Scope): () => void {
    const added: Subscription = {
      listener,
      scope,
      matches: matcherOf(listener.pattern),
      active: true,
      remove: () => {
        if (!added.active) return;
        added.active = false;
        this.#change(
          listener.pattern,
          this.#subscriptions.filter((other) => other !== added),
        );
      },
    };
    const { length } = this.#subscriptions.filter((one) => priorityOf(one) >= listener.priority);
    this.#change(listener.pattern, this.#subscriptions.toSpliced(length, 0, added));
    scope?.defer(added.remove);
    return added.remove;
  }

  #change(pattern: string, subscriptions: readonly Subscription[]): void {
    this.#subscriptions = subscriptions;
    if (pattern.includes("*")) this.#found.clear();
    else this.#found.delete(pattern);
  }

  /** Tells every listener in turn; for the platform's own events, which have no schema. */
  async publish(name: string, data: unknown): Promise<void> {
    for (const subscription of this.#find(name)) {
      if (!subscription.active) continue;
      if (subscription.listener.once) subscription.remove();
      await this.#tell(subscription, { name, data });
    }
  }

  #find(name: string): readonly Subscription[] {
    const known = this.#found.get(name);
    if (known) return known;
    const found = this.#subscriptions.filter(({ matches }) => matches(name));
    remember(this.#found, name, found);
    return found;
  }

  async #tell({ listener, scope }: Subscription, happened: Happened): Promise<void> {
    // The emitter's request and transaction go on in the listener; its log is the listener's own.
    const call = new Scope("call", happened.name, findScope() ?? scope);
    if (scope) {
      call.provide(hearerKey, scope);
      call.provideLazy(logKey, () => scope.find(logKey) ?? silent);
    }
    const attempt = async (work: () => unknown) => {
      try {
        await work();
      } catch (error) {
        this.#failed(listener, happened.name, error);
      }
    };
    await call.run(async () => {
      await attempt(() => listener.handler(happened as Happened<never>));
      await attempt(() => call.dispose());
    });
  }

  #failed({ pattern }: Listener, name: string, error: unknown): void {
    remember(this.#failures, name, (this.#failures.get(name) ?? 0) + 1);
    currentLog().error({ err: error, event: name, pattern }, `A listener of "${name}" failed.`);
  }
}

const priorityOf = ({ listener }: Subscription): number => listener.priority;

function remember<T>(map: Map<string, T>, name: string, value: T): void {
  if (!map.has(name) && map.size >= 1000) map.delete(map.keys().next().value!);
  map.set(name, value);
}
