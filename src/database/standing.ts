import { NexusError } from "../exceptions.ts";
import { type History, inOrder } from "./history.ts";
import type { Migrations, PluginMigrations } from "./migration.ts";

/** How a version's migrations stand to what has run. */
export interface Standing {
  /** Those that have not run, in order. */
  readonly missing: readonly string[];
  /** Those that have run, and whose `contract` has not. */
  readonly pending: readonly string[];
  /** Those that have run, and that only a later version knows. */
  readonly ahead: readonly string[];
}

/**
 * Compares a version's migrations with the history of its plugin, which may go further as long as the
 * schema still serves this version: nothing has been contracted that it does not know.
 * @throws NX_MIGRATION where they do not continue it
 */
export function standingOf({ plugin, migrations }: PluginMigrations, history: History): Standing {
  const known = Object.keys(migrations).toSorted(inOrder);
  const ran = new Set(history.names);
  const missing = known.filter((name) => !ran.has(name));
  const ahead = history.names.filter((name) => !Object.hasOwn(migrations, name));
  const last = history.names.at(-1) ?? "";
  const early = missing.find((name) => name < last);
  if (early !== undefined) {
    throw discontinued(plugin, `"${early}" comes before "${last}", which has run`);
  }
  const lost = ahead.find((name) => name < known.at(-1)!);
  if (lost !== undefined) throw unknown(plugin, lost);
  const contracted = ahead.find((name) => history.pending.get(name) === false);
  if (contracted !== undefined) {
    throw new NexusError(
      "NX_MIGRATION",
      `This version of plugin "${plugin}" does not know the migration "${contracted}", whose contract has run: what this version uses may be gone.`,
      { cure: "Use a version that knows it." },
    );
  }
  return { missing, ahead, pending: pendingOf(migrations, history) };
}

/** @throws NX_MIGRATION when the history goes further */
export function refuseAhead(plugin: string, { ahead }: Standing): void {
  const [first] = ahead;
  if (first !== undefined) throw unknown(plugin, first);
}

function pendingOf(migrations: Migrations, { names, pending }: History): string[] {
  return names.filter((name) => pending.get(name) && Object.hasOwn(migrations, name));
}

const unknown = (plugin: string, name: string): NexusError =>
  discontinued(plugin, `"${name}" has run, and is not among them`);

function discontinued(plugin: string, how: string): NexusError {
  return new NexusError(
    "NX_MIGRATION",
    `The migrations of plugin "${plugin}" do not continue its history: ${how}.`,
    { cure: "Never rename, remove or put one before a migration that has run." },
  );
}
