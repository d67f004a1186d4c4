import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isRecord } from "../config/place.ts";
import { npm, type NpmOptions } from "./npm.ts";

/**
 * Installs what a package needs into its own node_modules: not what it is developed with, and not the
 * platform, which is always the running one.
 * @throws NX_NPM
 */
export async function addDependencies(
  folder: string,
  pack: Readonly<Record<string, unknown>>,
  options: NpmOptions,
): Promise<void> {
  const needs = Object.fromEntries(groups.map((group) => [group, without(pack[group])]));
  const meta = recordOf(pack["peerDependenciesMeta"]);
  const isOptional = (name: string): boolean => recordOf(meta[name])["optional"] === true;
  const { peerDependencies, ...others } = needs;
  const names = [
    ...Object.values(others).flatMap((group) => Object.keys(group)),
    ...Object.keys(peerDependencies!).filter((name) => !isOptional(name)),
  ];
  if (!names.length) return;
  const file = join(folder, "package.json");
  const text = await readFile(file);
  const kept = Object.fromEntries(told.map((key) => [key, pack[key]]));
  await writeFile(file, JSON.stringify({ ...kept, ...needs }));
  await npm(folder, ["install", ...flags], options);
  await writeFile(file, text);
}

const groups = ["dependencies", "optionalDependencies", "peerDependencies"];
/** What else npm is told of a package: without this, what only its author has would be looked for too. */
const told =
  "name version peerDependenciesMeta bundleDependencies bundledDependencies overrides".split(" ");
/** Links to folders become copies, since a version is complete in itself. */
const flags = "--omit=dev --ignore-scripts --no-audit --no-fund --no-save --install-links".split(
  " ",
);

function without(group: unknown): Readonly<Record<string, unknown>> {
  const { "nexus-platform": _, ...rest } = recordOf(group);
  return rest;
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : {};
}
