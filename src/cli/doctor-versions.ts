import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { Database, pendingContracts } from "../database/index.ts";
import { messageOf, NexusError } from "../exceptions.ts";
import { FileStates, type SavedState, verify, Versions } from "../lifecycle/index.ts";
import { loadPlugin } from "../plugin/index.ts";
import { inject } from "../services.ts";
import { foldersOf } from "./app-folders.ts";
import type { Finding } from "./doctor.ts";
import { openTaskStore } from "./load.ts";

/** What is to be said of installed plugins: versions that were changed, that nobody needs, that are not finalized. */
export async function installedFindings(folder: string): Promise<Finding[]> {
  const versions = new Versions(join((await foldersOf(folder)).dataDir, "plugins"));
  const states = await FileStates.open(versions.folder);
  const findings: Finding[] = [];
  for (const name of await versions.names()) {
    const state = states.get(name);
    for (const version of await versions.list(name))
      findings.push(...(await versionFindings(versions, { name, version, state })));
    if (state?.version !== undefined)
      findings.push(
        ...(await contractFindings(folder, versions, { name, version: state.version })),
      );
  }
  return findings;
}

interface Which {
  readonly name: string;
  readonly version: string;
}

async function versionFindings(
  versions: Versions,
  { name, version, state }: Which & { readonly state: SavedState | undefined },
): Promise<Finding[]> {
  const folder = versions.folderOf(name, version)!;
  const findings: Finding[] = [];
  try {
    await verify((await versions.find(name, version)).folder);
  } catch (error) {
    findings.push({ kind: "fault", about: name, what: messageOf(error) });
  }
  if (version === state?.version) return findings;
  const size = `${Math.ceil((await sizeOf(folder)) / 1024)} KiB`;
  const what =
    version === state?.previous?.version
      ? `Version ${version} (${size}) is kept for a rollback`
      : `Version ${version} does not run, and takes ${size}: ${folder}`;
  return [...findings, { kind: "note", about: name, what }];
}

/** The migrations of the version that runs whose `contract` has not been run. */
async function contractFindings(
  folder: string,
  versions: Versions,
  { name, version }: Which,
): Promise<Finding[]> {
  try {
    const { migrations } = (await loadPlugin(versions.folderOf(name, version)!)).type;
    if (!Object.keys(migrations).length) return [];
    const app = await openTaskStore(folder);
    try {
      const pending = await app.run(() =>
        pendingContracts(inject(Database), { plugin: name, migrations }),
      );
      const what = `${pending.join(", ")} can be finished: nexus plugin finalize ${name}`;
      return pending.length ? [{ kind: "note", about: name, what }] : [];
    } finally {
      await app.close();
    }
  } catch (error) {
    // A database in memory has no past, and what cannot be loaded was told before.
    if (error instanceof NexusError) return [];
    throw error;
  }
}

/** Bytes, of all files in it. */
async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  let size = 0;
  for (const entry of entries)
    if (entry.isFile()) size += (await stat(join(entry.parentPath, entry.name))).size;
  return size;
}
