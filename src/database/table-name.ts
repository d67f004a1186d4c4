import { createHash } from "node:crypto";

/** What stands for a plugin in the names of tables: its own name where that is short and lower-case, else made so, and told apart by a hash. */
export function tableName(plugin: string): string {
  if (/^[a-z0-9_-]{1,32}$/.test(plugin)) return plugin;
  const hash = createHash("sha256").update(plugin).digest("hex").slice(0, 8);
  return `${plugin
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .slice(0, 24)}_${hash}`;
}
