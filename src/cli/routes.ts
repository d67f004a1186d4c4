import { loadSilently } from "./load.ts";

/** Prints every route: method, path, plugin, and where it is declared. */
export async function routes(): Promise<void> {
  const app = await loadSilently(process.cwd());
  const rows = app.routes.map(
    ({ method, path, plugin, place }) => [method, path, plugin, place] as const,
  );
  const widths = [0, 1, 2].map((column) => Math.max(0, ...rows.map((row) => row[column]!.length)));
  for (const row of rows.toSorted((a, b) => a[1].localeCompare(b[1]) || a[0].localeCompare(b[0]))) {
    process.stdout.write(
      `${row
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd()}\n`,
    );
  }
  await app.close();
}
