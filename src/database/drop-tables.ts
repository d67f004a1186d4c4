import { NexusError } from "../exceptions.ts";
import { removeCopies } from "./copies.ts";
import type { Database } from "./database.ts";
import { readOwners } from "./owners.ts";
import { drop, rebuild } from "./rebuild.ts";

/**
 * Drops all tables of a plugin, its history and their copies included: it has never been.
 * @throws NX_TABLE_REFERENCED
 */
export async function dropTables<Tables>(db: Database<Tables>, plugin: string): Promise<void> {
  await rebuild(db, plugin, async (trx, catalog) => {
    const owners = await readOwners(trx, catalog);
    const names = owners.filter((owner) => owner.plugin === plugin).map(({ name }) => name);
    const [reference] = await catalog.references(trx, names);
    if (reference) {
      const owner = owners.find(({ name }) => name === reference.from);
      throw new NexusError(
        "NX_TABLE_REFERENCED",
        `The table "${reference.from}"${owner ? ` of plugin "${owner.plugin}"` : ""} refers to "${reference.to}" of plugin "${plugin}", without which nothing more could be written to it.`,
        { cure: "Drop the table that refers, or keep the data." },
      );
    }
    await removeCopies(trx, catalog, plugin);
    await drop(trx, catalog, names);
  });
}
