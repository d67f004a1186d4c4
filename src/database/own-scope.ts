import { findScope, Scope } from "../scope.ts";

/** What begins inside, such as a transaction, is seen by what `work` calls and by nobody else. */
export function inOwnScope<T>(name: string, work: () => Promise<T>): Promise<T> {
  return within(findScope()?.child("call", name) ?? new Scope("call", name), work);
}

/** As `inOwnScope`, and nothing that the caller has begun is seen inside: a transaction does not join. */
export function apart<T>(name: string, work: (scope: Scope) => Promise<T>): Promise<T> {
  return within(new Scope("call", name), work);
}

async function within<T>(scope: Scope, work: (scope: Scope) => Promise<T>): Promise<T> {
  try {
    return await scope.run(() => work(scope));
  } finally {
    await scope.dispose();
  }
}
