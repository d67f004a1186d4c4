import { currentLog } from "../log.ts";
import { findScope, key, Scope } from "../services.ts";
import { type Happened, type Listener, matcherOf } from "./listener.ts";

export const eventsKey = key<Events>("events");

export interface EventsOptions {
  /**
   * Gives a listener something of its emitter's, such as the request: provide it in `call`, the
   * scope of that one call. Runs in the emitter's scope.
   */
  readonly carry?: (call: Scope) => void;
}

interface Subscription {
  readonly listener: Listener;
  readonly scope: Scope | undefined;
  readonly matches: (name: string) => boolean;
  readonly remove: () => void;
  active: boolean;
}

/** Who listens to what, in one app. */
export class Events {
  readonly #carry: ((call: Scope) => void) | undefined;
  readonly #found = new Map<string, readonly Subscription[]>();
  readonly #failures = new Map<string, number>();
  // In the order of hearing. Never changed, only replaced: a running publish keeps its own.
  #subscriptions: readonly Subscription[] = [];

  constructor({ carry }: EventsOptions = {}) {
    this.#carry = carry;
  }

  /** How often listeners failed, by the event's name; of the last 1000 names. */
  get failures(): ReadonlyMap<string, number> {
    return this.#failures;
  }

  /**
   * Returns the undo. With a scope, the handler finds what the scope provides, and hears nothing
   * after its end; without, it runs in the emitter's.
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

  #tell({ listener, scope }: Subscription, happened: Happened): Promise<void> {
    const call = new Scope("call", happened.name, scope ?? findScope());
    this.#carry?.(call);
    return call.run(() =>
      Promise.try(listener.handler, happened as Happened<never>)
        .finally(() => call.dispose())
        .then(
          () => {},
          (error: unknown) => this.#failed(listener, happened.name, error),
        ),
    );
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
