/** What takes time gives a promise; what does not gives nothing, and nobody waits for it. */
export type Pending = Promise<void> | undefined;

/** Acts on one after the other; whoever follows one that takes time waits for it. */
export function eachInTurn<T>(all: readonly T[], act: (one: T) => Pending, start = 0): Pending {
  for (let at = start; at < all.length; at++) {
    const acting = act(all[at]!);
    if (acting) return acting.then(() => eachInTurn(all, act, at + 1));
  }
  return undefined;
}

/** Goes on after what may take time. */
export function after(pending: Pending, go: () => Pending): Pending {
  return pending ? pending.then(go) : go();
}
