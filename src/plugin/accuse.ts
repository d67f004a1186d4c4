import { logKey } from "../log.ts";
import type { Scope } from "../scope.ts";
import type { LoadedPlace, Loading } from "./loaded.ts";
import type { PluginRecord } from "./record.ts";
import { Unit } from "./unit.ts";

export interface Charge {
  /** The part of a plugin in which it happened, or its place. */
  readonly plugin: Unit | LoadedPlace | Loading;
  readonly error: unknown;
  /** Else it was a promise that nobody awaited. */
  readonly thrown: boolean;
}

export interface Court {
  readonly app: Scope;
  readonly records: Iterable<PluginRecord>;
  /** Ends one that has left things half done. */
  readonly fail: (unit: Unit) => void;
}

/**
 * Takes an error that nobody caught for a plugin's fault: it is counted, told, and, of what was thrown, the
 * end of that unit. Of one that does not run there is nothing to end.
 * @returns whether it was a plugin's, and not the platform's
 */
export function accuse({ app, records, fail }: Court, { plugin, error, thrown }: Charge): boolean {
  const unit = plugin instanceof Unit ? plugin : unitAt(records, plugin);
  if (unit?.source.platform) return false;
  if (unit) unit.faults.count++;
  if (unit && thrown && !unit.crash) {
    unit.crash = { error };
    fail(unit);
    return true;
  }
  const log = unit ? unit.scope.get(logKey) : app.get(logKey);
  const text = thrown ? textOf(unit) : "A promise failed that nobody awaited";
  log.error({ ...(!unit && { plugin: plugin.name }), err: error }, text);
  return true;
}

/** The one that runs; what was loaded before it came anew does not. */
function unitAt(records: Iterable<PluginRecord>, loaded: LoadedPlace | Loading): Unit | undefined {
  for (const { source, unit } of records)
    if (source?.folder === loaded.place)
      return "type" in loaded && loaded.type !== source.type ? undefined : unit;
  return undefined;
}

const textOf = (unit: Unit | undefined): string =>
  unit
    ? "Another error that nobody caught, in what has failed already"
    : "An error that nobody caught, in code of a plugin that does not run";
