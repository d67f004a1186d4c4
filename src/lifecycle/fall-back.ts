import { newChange } from "./journal.ts";
import type { PluginStates, SavedState, StateChanges } from "./state.ts";

const crashed = "the process ended without being asked to, while it was watched";

/**
 * Goes back to the version before, where a process has ended in the time in which the new one was watched
 * and nobody had asked it to, or while a worse one was being rolled back; before plugins are loaded. Their tables, and the log, are left to `recover`.
 */
export async function fallBack(states: PluginStates): Promise<void> {
  const changes: Record<string, StateChanges[string]> = {};
  for (const name of states.names) {
    const next = fallenBack(states.get(name)!);
    if (next) changes[name] = next;
  }
  if (Object.keys(changes).length) await states.change(changes);
}

/** The state of a plugin that falls back; none of one that does not. */
export function fallenBack({
  changedAt: _,
  ...saved
}: SavedState): StateChanges[string] | undefined {
  const { enabled, version = "", previous, watch, change } = saved;
  // Who was killed in the middle of the next change says nothing about this version.
  if (!enabled || !watch || change || previous?.version === undefined) return undefined;
  if (watch.paused && watch.worse === undefined) return undefined;
  return {
    ...saved,
    version: previous.version,
    settings: previous.settings,
    previous: previous.previous,
    watch: undefined,
    change: {
      id: newChange(),
      kind: "rollback",
      version: previous.version,
      due: { from: version, reason: watch.worse ?? crashed, copy: previous.copy },
    },
  };
}
