import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { Database, pendingContracts, type PluginMigrations } from "../database/index.ts";
import { messageOf, NexusError } from "../exceptions.ts";
import { FileStates, type SavedState, verify, Versions } from "../lifecycle/index.ts";
import { loadPlugin } from "../plugin/index.ts";
import { inject } from "../services.ts";
import { foldersOf } from "./app-folders.ts";
import { openTaskStore } from "./bare-app.ts";
import type { Finding } from "./doctor-finding.ts";

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
    version === state?.previous?.version || version === state?.previous?.previous?.version
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
  // One that cannot be loaded has failed, which was told before.
  const source = await loadPlugin(versions.folderOf(name, version)!).catch(() => undefined);
  const { migrations = {} } = source?.type ?? {};
  if (!Object.keys(migrations).length) return [];
  try {
    const pending = await pendingIn(folder, { plugin: name, migrations });
    const what = `${pending.join(", ")} can be finished: nexus plugin finalize ${name}`;
    return pending.length ? [{ kind: "note", about: name, what }] : [];
  } catch (error) {
    // A database in memory has no past.
    if (error instanceof NexusError && error.code === "NX_TASK_COMMAND") return [];
    return [{ kind: "fault", about: name, what: messageOf(error) }];
  }
}

async function pendingIn(folder: string, history: PluginMigrations): Promise<readonly string[]> {
  const app = await openTaskStore(folder);
  try {
    return await app.run(() => pendingContracts(inject(Database), history));
  } finally {
    await app.close();
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
