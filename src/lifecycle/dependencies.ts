import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isRecord } from "../config/place.ts";
import { npm, type NpmOptions } from "./npm.ts";

/**
 * Installs what a package needs into its own node_modules: not what it is developed with, and not the
 * platform, which is always the running one.
 * @param folder with nothing else beside it
 * @throws NX_NPM
 */
export async function addDependencies(
  folder: string,
  pack: Readonly<Record<string, unknown>>,
  options: NpmOptions,
): Promise<void> {
  const needs = Object.fromEntries(groups.map((group) => [group, withoutPlatform(pack[group])]));
  const { peerDependencies: peers, ...others } = needs;
  const meta = recordOf(pack["peerDependenciesMeta"]);
  const names = [
    ...Object.values(others).flatMap(Object.keys),
    ...Object.keys(peers!).filter((name) => recordOf(meta[name])["optional"] !== true),
  ];
  if (!names.length) return;
  const file = join(folder, "package.json");
  const text = await readFile(file);
  const kept = Object.fromEntries(told.map((key) => [key, pack[key]]));
  const overrides = { ...recordOf(pack["overrides"]), [platform]: await standIn(folder) };
  await writeFile(file, JSON.stringify({ ...kept, ...needs, overrides }));
  await npm(folder, ["install", ...flags], options);
  await writeFile(file, text);
  await rm(join(folder, "node_modules", platform), { recursive: true, force: true });
}

const platform = "nexus-platform";
const groups = ["dependencies", "optionalDependencies", "peerDependencies"];
/** What else npm is told of a package: without this, what only its author has would be looked for too. */
const told = ["name", "version", "peerDependenciesMeta"];
/** Links to folders become copies, since a version is complete in itself. */
const flags = "--omit=dev --ignore-scripts --no-audit --no-fund --no-save --install-links".split(
  " ",
);

function withoutPlatform(group: unknown): Readonly<Record<string, unknown>> {
  const { [platform]: _, ...rest } = recordOf(group);
  return rest;
}

/** What those get meanwhile that ask for the platform further down. */
async function standIn(folder: string): Promise<string> {
  const place = join(dirname(folder), "platform");
  await mkdir(place);
  await writeFile(
    join(place, "package.json"),
    JSON.stringify({ name: platform, version: "0.0.0" }),
  );
  return `file:${place}`;
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : {};
}
