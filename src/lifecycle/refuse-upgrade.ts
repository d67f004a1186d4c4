import { NexusError } from "../exceptions.ts";
import type { Plan } from "./plan.ts";

/**
 * Refuses what an operator has not allowed.
 * @throws NX_PLUGIN_BREAKING NX_MIGRATION_NOT_ADDITIVE NX_MIGRATION_PENDING NX_MIGRATION_AHEAD
 */
export function refuseUpgrade(
  { plugin, to, routes, migrations }: Plan,
  { allowBreaking, stop }: { readonly allowBreaking: boolean; readonly stop: boolean },
): void {
  const broken = routes.filter(({ breaking }) => breaking);
  if (broken.length && !allowBreaking) {
    const all = broken.map(({ operation, what }) => `${operation}: ${what}`).join("; ");
    throw new NexusError("NX_PLUGIN_BREAKING", `"${plugin}" ${to} breaks its clients: ${all}.`, {
      cure: "Upgrade with allow-breaking when they are ready for it.",
    });
  }
  const { expand, pending, ahead } = migrations;
  const [lasting] = ahead;
  if (lasting) {
    throw new NexusError(
      "NX_MIGRATION_AHEAD",
      `"${plugin}" ${to} does not know what has become of its tables: migration "${lasting.name}" has run, and ${lasting.reason}.`,
      {
        cure: "Use a version that knows it; `rollback` with restore goes back over an upgrade with --stop, tables and all.",
      },
    );
  }
  if (expand.length && pending.length) {
    const names = pending.map((name) => `"${name}"`).join(", ");
    throw new NexusError(
      "NX_MIGRATION_PENDING",
      `"${plugin}" ${to} has new migrations, and contracts of earlier ones have not run: ${names}.`,
      { cure: `Run \`nexus plugin finalize ${plugin}\` first.` },
    );
  }
  const obstacle = expand.flatMap(({ name, obstacles }) =>
    obstacles.map((one) => ({ name, ...one })),
  )[0];
  if (!obstacle || stop) return;
  throw new NexusError(
    "NX_MIGRATION_NOT_ADDITIVE",
    `Migration "${obstacle.name}" of "${plugin}" ${to} cannot run beside the code before it, as it ${obstacle.reason}: ${obstacle.statement}.`,
    { cure: 'Move that to the "contract" of the migration, or upgrade with --stop.' },
  );
}
