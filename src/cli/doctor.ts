import { statSync } from "node:fs";
import { foldersOf } from "./app-folders.ts";
import type { Finding } from "./doctor-finding.ts";
import { whatStarts } from "./doctor-modules.ts";
import { installedFindings } from "./doctor-versions.ts";
import { plain } from "./plain.ts";
import { type OutputOptions, say, tell } from "./plugin.ts";
import { withPlugins } from "./plugin-control.ts";
import type { ToldPlugin } from "./plugin-view.ts";
import { tableOf } from "./table.ts";

/** Says what is wrong with the app of this folder, and what cannot be undone. The exit code is 1 for a fault. */
export async function doctor({ json }: OutputOptions): Promise<void> {
  const findings: Finding[] = [...environmentFindings((await foldersOf(process.cwd())).dataDir)];
  let plugins: readonly ToldPlugin[] = [];
  await withPlugins("look", async ({ ask, isServer }) => {
    ({ plugins } = await ask<{ plugins: ToldPlugin[] }>("GET", ""));
    const what = isServer ? "A server runs on this data folder" : "No server runs";
    findings.push({ kind: "note", about: "server", what });
  });
  findings.push(...plugins.flatMap(stateFindings));
  findings.push(...(await installedFindings(process.cwd())));
  for (const { name, folder, enabled } of plugins) {
    if (folder === undefined || !enabled) continue;
    const started = await whatStarts(folder);
    if (started) findings.push({ kind: "fault", about: name, what: started });
  }
  const isWell = !findings.some(({ kind }) => kind === "fault");
  if (!isWell) process.exitCode = 1;
  if (json) tell(findings);
  else {
    const rows = findings.map(({ kind, about, what }) => [kind, plain(about), plain(what)]);
    process.stdout.write(tableOf(rows));
    say(isWell ? "All is well." : "Not all is well.");
  }
}

function environmentFindings(dataDir: string): Finding[] {
  const node = { kind: "note", about: "node", what: process.version } as const;
  const found = statSync(dataDir, { throwIfNoEntry: false });
  const about = "data folder";
  if (!found) return [node, { kind: "note", about, what: `${dataDir} is not there yet` }];
  if (!(found.mode & 0o077)) return [node, { kind: "note", about, what: dataDir }];
  const what = `Other users of this machine may look into ${dataDir}: chmod 700 ends that`;
  return [node, { kind: "fault", about, what }];
}

function stateFindings({ name: about, enabled, failure, retry_at: retry }: ToldPlugin): Finding[] {
  if (!enabled) return [{ kind: "note", about, what: "It is disabled" }];
  if (!failure) return [];
  const again = retry ? ` (it is tried again at ${retry})` : "";
  return [{ kind: "fault", about, what: `It failed (${failure.step}): ${failure.reason}${again}` }];
}
