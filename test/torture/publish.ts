import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { create } from "tar";

export interface Publication {
  readonly version: string;
  /** Files in the place of those that stand there, or beside them. */
  readonly files?: Readonly<Record<string, string>>;
  /** The module that is loaded in the place of index.ts. */
  readonly entry?: string;
}

/** Packs a version of one of the plugins in `packages`. @returns the path of the tarball */
export async function publish(
  plugin: string,
  folder: string,
  { version, files = {}, entry = "index.ts" }: Publication,
): Promise<string> {
  const source = join(import.meta.dirname, "packages", plugin);
  const name = `${plugin}-${version}`;
  const target = join(folder, name, "package");
  await mkdir(target, { recursive: true });
  for (const file of await readdir(source)) {
    const text = await readFile(join(source, file), "utf8");
    const written = text
      .replaceAll("0.0.0", version)
      .replace(`"entry": "index.ts"`, `"entry": "${entry}"`);
    await writeFile(join(target, file), written);
  }
  for (const [file, text] of Object.entries(files)) await writeFile(join(target, file), text);
  const tarball = join(folder, `${name}.tgz`);
  await create({ file: tarball, cwd: join(folder, name), gzip: true }, ["package"]);
  return tarball;
}
