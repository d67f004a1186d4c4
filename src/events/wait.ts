import { messageOf, NexusError } from "../exceptions.ts";
import { currentScope, type Scope } from "../scope.ts";
import { eventsKey } from "./bus.ts";
import { type AnyEvent, type Data, type Happened, on, patternOf } from "./listener.ts";

export interface WaitOptions<E> {
  /** Milliseconds; default: as long as the plugin or request that waits. */
  readonly timeout?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Lets events pass by until one is the right one. */
  readonly filter?: ((event: Happened<Data<E>>) => boolean) | undefined;
}

/**
 * The next event of its kind.
 * @throws NX_EVENT_WAIT on timeout, on abort, and when the plugin or request that waits ends
 */
export function waitFor<const E extends AnyEvent>(
  event: E,
  options: WaitOptions<E> = {},
): Promise<Happened<Data<E>>> {
  const happened = wait(event, options, currentScope("waitFor()"));
  // One that nobody awaits any more must not end the process.
  happened.catch(() => {});
  return happened;
}

async function wait<E extends AnyEvent>(
  event: E,
  { timeout, signal, filter }: WaitOptions<E>,
  scope: Scope,
): Promise<Happened<Data<E>>> {
  const pattern = patternOf(event);
  const { promise, resolve, reject } = Promise.withResolvers<Happened<Data<E>>>();
  const hear = (event: Happened): void => {
    try {
      const fitting = event as Happened<Data<E>>;
      if (!filter || scope.run(() => filter(fitting))) resolve(fitting);
    } catch (error) {
      reject(error);
    }
  };
  const giveUp = (why: string, cause?: unknown) =>
    reject(new NexusError("NX_EVENT_WAIT", `Waited in vain for "${pattern}": ${why}.`, { cause }));
  const abort = () => giveUp(messageOf(signal?.reason), signal?.reason);

  using undo = new DisposableStack();
  undo.defer(scope.get(eventsKey).subscribe(on(pattern, hear)));
  undo.defer(whenEnded(scope, () => giveUp(`${scope} ended`)));
  if (timeout !== undefined) {
    const timer = setTimeout(() => giveUp(`nothing came in ${timeout} ms`), timeout);
    undo.defer(() => clearTimeout(timer));
  }
  if (signal?.aborted) abort();
  signal?.addEventListener("abort", abort);
  undo.defer(() => signal?.removeEventListener("abort", abort));
  return await promise;
}

const waiting = new WeakMap<Scope, Set<() => void>>();

// One undo for all that wait in a scope: a scope forgets no undo, and a plugin may wait often.
function whenEnded(scope: Scope, act: () => void): () => void {
  const acts = waiting.get(scope) ?? new Set();
  if (!waiting.has(scope)) {
    waiting.set(scope, acts);
    scope.defer(() => {
      waiting.delete(scope);
      for (const act of acts) act();
    });
  }
  acts.add(act);
  return () => acts.delete(act);
}
