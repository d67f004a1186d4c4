import { hearerKey } from "../events/bus.ts";
import { findScope } from "../scope.ts";
import { hostKey, type PluginHost } from "./host.ts";
import { placeKey } from "./source.ts";
import { type Unit, unitOf } from "./unit.ts";

export interface Culprit {
  /** A part of a plugin, or its place while its modules are loaded. */
  readonly plugin: Unit | string;
  /** None of what happens in modules, which belong to no app. */
  readonly host: PluginHost | undefined;
}

/**
 * Finds out to which plugin an error belongs that nobody caught: Node calls whoever hears of it in the scope
 * in which it happened.
 */
export function findCulprit(): Culprit | undefined {
  const scope = findScope();
  // A listener runs in the scope of who tells it.
  const owner = scope?.find(hearerKey) ?? scope;
  const plugin = owner && (unitOf(owner) ?? owner.find(placeKey));
  return plugin === undefined ? undefined : { plugin, host: owner?.find(hostKey) };
}
