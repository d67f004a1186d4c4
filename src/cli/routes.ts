import { loadSilently } from "./load.ts";
import { tableOf } from "./table.ts";

/** Prints every route: method, path, plugin, and where it is declared. */
export async function routes(): Promise<void> {
  const app = await loadSilently(process.cwd());
  const rows = app.routes.map(
    ({ method, path, plugin, place }) => [method, path, plugin, place] as const,
  );
  const sorted = rows.toSorted((a, b) => a[1].localeCompare(b[1]) || a[0].localeCompare(b[0]));
  process.stdout.write(tableOf(sorted));
  await app.close();
}
