import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Versions } from "nexus-platform/lifecycle";
import type { TestOptions } from "nexus-platform/testing";
import { expect } from "vitest";
import { accountsClient } from "./accounts-client.ts";
import { somebody, told } from "./admin-client.ts";
import { type TestVersion, writePlugin } from "./lifecycle.ts";
import { newFolder, tarballOf, type TestPackage } from "./npm-packages.ts";

/** The routes that look after plugins, and who may ask them. */

export const home = "/api/v1/plugins";

/** An app with a place for installed plugins, and an administrator. */
export async function administrated(options: TestOptions = {}) {
  const folder = await newFolder();
  const pluginsFolder = join(folder, "authors");
  await mkdir(pluginsFolder);
  const lifecycle = { versions: new Versions(join(folder, "data")), pluginsFolder };
  const client = await accountsClient({ lifecycle, raiseErrors: false, ...options });
  const root = await somebody(client, "root", { permissions: ["admin:plugins"] });
  const ask = (method: string, path: string, json?: object) =>
    told(root.ask(method, `${home}${path}`, json));
  return {
    client,
    root,
    folder,
    pluginsFolder,
    write: (version?: TestVersion) => packed(version),
    ask,
    /** Installs a version of the plugin "notes". @returns its package */
    install: async (version: TestVersion = {}) => {
      const spec = await packed(version);
      expect(await ask("POST", "/install", { spec })).toMatchObject([200, { name: "notes" }]);
      return spec;
    },
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}

/** A version as a tarball: npm would take longer to make one of a folder. */
export async function packed(version?: TestVersion): Promise<string> {
  const place = await writePlugin(await newFolder(), version);
  const read = (name: string) => readFile(join(place, name), "utf8");
  const json = JSON.parse(await read("package.json")) as TestPackage["json"];
  return tarballOf({ json, files: { "index.ts": await read("index.ts") } });
}

/** A migration in the code of a plugin. */
export function migration(name: string, expand: string, contract?: string): string {
  const last = contract === undefined ? "" : `, contract: ${sending(contract)}`;
  return `"${name}": { expand: ${sending(expand)}${last} }`;
}

const sending = (text: string): string => `(db) => db.schema.${text}.execute()`;

export const withMigrations = (...all: string[]): string =>
  `static migrations = { ${all.join(", ")} };`;

/** Status and problem document of a refusal. */
export const refused = (status: number, error_code: string, detail: RegExp) => [
  status,
  expect.objectContaining({ status, error_code, detail: expect.stringMatching(detail) }),
];
