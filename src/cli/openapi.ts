import { loadSilently } from "./load.ts";

/** Prints the OpenAPI document of the app. */
export async function openapi(): Promise<void> {
  const app = await loadSilently(process.cwd());
  const response = await app.fetch(new Request("http://localhost/openapi.json"));
  process.stdout.write(`${JSON.stringify(await response.json(), null, 2)}\n`);
  await app.close();
}
