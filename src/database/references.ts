import { key } from "../scope.ts";
import { apart } from "./own-scope.ts";

/** Where it is provided, transactions do not look after references between tables. */
export const uncheckedKey = key<true>("nexus/uncheckedReferences");

/**
 * For work that drops tables and makes them again: else a dropped table would take along what refers to
 * its rows, in the tables of others too.
 */
export function withoutReferences<T>(work: () => Promise<T>): Promise<T> {
  return apart("without references", (scope) => {
    scope.provide(uncheckedKey, true);
    return work();
  });
}
