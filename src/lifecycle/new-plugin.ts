import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { NexusError } from "../exceptions.ts";
import { isPluginName, kebab, nameCure } from "../plugin/manifest.ts";
import { filesOf } from "./new-plugin-files.ts";

export interface NewPluginOptions {
  /** Names that other plugins have, wherever they stand. */
  readonly taken?: Iterable<string>;
}

/**
 * Writes a first plugin into a folder of its own: a route, a table, a service, and a test that passes.
 * @param folder of the app's plugins
 * @returns the files
 * @throws NX_PLUGIN_NAME for a name that none can have, or that one has
 */
export async function newPlugin(
  folder: string,
  name: string,
  { taken = [] }: NewPluginOptions = {},
): Promise<string[]> {
  if (!isPluginName(name)) {
    throw new NexusError("NX_PLUGIN_NAME", `No plugin can be called "${name}".`, {
      cure: nameCure(name),
    });
  }
  const names = new Set([...taken, ...(await namesIn(folder))]);
  if (names.has(name)) {
    throw new NexusError("NX_PLUGIN_NAME", `There is a plugin called "${name}" already.`, {
      cure: "Choose another name, or remove that plugin first.",
    });
  }
  await mkdir(folder, { recursive: true });
  // Whoever watches the folder sees the plugin when it is complete.
  const draft = await mkdtemp(join(folder, ".new-"));
  try {
    const place = join(draft, name);
    await mkdir(place);
    const files = Object.entries(filesOf(name, { platform: platform(), runner: runnerOf(folder) }));
    for (const [file, text] of files) await writeFile(join(place, file), text);
    await rename(place, join(folder, name));
    return files.map(([file]) => join(folder, name, file));
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** Of the plugins that are there, as they are called when they are loaded. */
async function namesIn(folder: string): Promise<(string | undefined)[]> {
  const entries = existsSync(folder) ? await readdir(folder) : [];
  return entries
    .filter((entry) => !/^[._]/.test(entry))
    .flatMap((entry) => [
      kebab(basename(entry, extname(entry))),
      jsonOf(join(folder, entry, "package.json"))?.name?.replace(/^@[^/]+\//, ""),
    ]);
}

/** The versions of the platform that it will work with: those like this one. */
function platform(): string {
  return `^${jsonOf(fileURLToPath(new URL("../../package.json", import.meta.url)))!.version}`;
}

/** Vitest where the app has it, and else Node's own. */
function runnerOf(folder: string): "vitest" | "node:test" {
  const { dependencies, devDependencies } = jsonOf(join(dirname(folder), "package.json")) ?? {};
  return "vitest" in { ...dependencies, ...devDependencies } ? "vitest" : "node:test";
}

interface PackageJson {
  readonly name?: string;
  readonly version?: string;
  readonly dependencies?: object;
  readonly devDependencies?: object;
}

function jsonOf(file: string): PackageJson | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as PackageJson;
  } catch {
    return undefined;
  }
}
