import { join } from "node:path";
import { makeFolder, nexus, plugin, until, writeFiles } from "./nexus-process.ts";

/** `nexus dev`, and what one sees of it while files change. */

/** Says which process it is in, and how often it has been asked since it was loaded. */
export const still = plugin(
  "Still",
  `count = 0; get = get("/still", () => [process.pid, ++this.count]);`,
);
export const says = (name: string, text: string, more = "") =>
  plugin(name, `say = get("/${name.toLowerCase()}", () => ${JSON.stringify(text)});\n${more}`);

/** `nexus dev` in a folder with these files. */
export async function startDev(files: Record<string, string>, env: Record<string, string> = {}) {
  const folder = await makeFolder({ "plugins/still.ts": still, ...files });
  const dev = nexus("dev", folder, env);
  let url = await dev.url();
  const ask = async (path: string): Promise<unknown> => {
    const response = await fetch(url + path).catch(() => undefined);
    if (!response) return undefined;
    return response.ok ? response.json() : response.status;
  };
  /** Waits for an answer. */
  const answers = async (path: string, wanted: unknown): Promise<void> => {
    let last: unknown;
    await until(
      async () => {
        // Another process serves elsewhere.
        url = [...dev.stdout().matchAll(/http:\S+/g)].at(-1)![0];
        last = await ask(path);
        return JSON.stringify(last) === JSON.stringify(wanted);
      },
      () => `${path} said ${JSON.stringify(last)} at last:\n${dev.stderr()}`,
    );
  };
  /** Waits for something on stderr, and takes it and what came before away. */
  let read = 0;
  const shows = async (text: string | RegExp): Promise<string> => {
    const now = (): string => dev.stderr().slice(read);
    await until(
      () => (typeof text === "string" ? now().includes(text) : text.test(now())),
      () => `${String(text)} is not in:\n${now()}`,
    );
    const found = now();
    read = dev.stderr().length;
    return found;
  };
  const write = (changed: Record<string, string>) => writeFiles(folder, changed);
  const file = (name: string): string => join(folder, name);
  return { dev, folder, ask, answers, shows, write, file };
}
