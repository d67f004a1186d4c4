import { join, relative, resolve } from "node:path";
import { newPlugin, pack, Versions } from "../lifecycle/index.ts";
import { foldersOf } from "./app-folders.ts";
import { type OutputOptions, say, tell } from "./plugin.ts";

/** The platform's own plugins. */
const own = ["docs", "accounts", "admin"];

/** Writes a first plugin into the app's folder of plugins. */
export async function create(name: string): Promise<void> {
  const { pluginsFolder, dataDir } = await foldersOf(process.cwd());
  const installed = await new Versions(join(dataDir, "plugins")).names();
  const files = await newPlugin(pluginsFolder, name, { taken: [...own, ...installed] });
  for (const file of files) say(`Wrote ${relative(process.cwd(), file)}`);
  const folder = relative(process.cwd(), join(pluginsFolder, name));
  say(`nexus dev serves it; npm test --prefix ${folder} runs its test.`);
}

/** Packs a plugin's folder, by default the working one. */
export async function packUp(folder = ".", { json }: OutputOptions): Promise<void> {
  const packed = await pack(resolve(folder));
  const { name, version, file, size, integrity } = packed;
  if (json) tell(packed);
  else {
    say(`${name} ${version}: ${relative(process.cwd(), file)}, ${size} bytes, ${integrity}`);
    say(`Install it with: nexus plugin install ${relative(process.cwd(), file)}`);
  }
}
