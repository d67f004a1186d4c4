import { cp, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type App, type AppOptions, createApp } from "nexus-platform/app";
import {
  FileStates,
  KnownRoutes,
  type Lifecycle,
  lifecycleKey,
  openInstalled,
  Versions,
} from "nexus-platform/lifecycle";
import { createLog } from "nexus-platform/log";
import { loadPlugins } from "nexus-platform/plugin";
import { newFolder } from "./npm-packages.ts";

/** An app that installs plugins into a data folder, as `nexus start` makes it; started again, it is the same. */
export async function startLiving(dataDir: string, options: AppOptions = {}) {
  const lines: Record<string, unknown>[] = [];
  const log = createLog({ destination: { write: (line) => lines.push(JSON.parse(line)) } });
  const versions = new Versions(join(dataDir, "plugins"));
  const states = await FileStates.open(versions.folder);
  const pluginsFolder = join(dataDir, "authors");
  const found = await loadPlugins(pluginsFolder);
  const others = [...found.sources, ...found.broken];
  const { sources, broken } = await openInstalled(versions, states, others);
  const app = await createApp({
    plugins: [...found.sources, ...sources],
    broken: [...found.broken, ...broken],
    lifecycle: { states, versions, pluginsFolder, routes: await KnownRoutes.open(versions.folder) },
    settings: { dataDir },
    env: {},
    log,
    tolerant: true,
    docs: false,
    ...options,
  });
  return { app, lines, states, versions, plugins: app.scope.get<Lifecycle>(lifecycleKey) };
}

const apps: App[] = [];

/** For `afterEach`. */
export async function closeApps(): Promise<void> {
  for (const app of apps.splice(0)) await app.close(0);
}

/** An app on a data folder; without one, on a new one. */
export async function living(dataDir?: string, options?: AppOptions) {
  const folder = dataDir ?? (await newFolder());
  const started = await startLiving(folder, options);
  apps.push(started.app);
  const write = (version: TestVersion = {}) => writePlugin(join(folder, "packages"), version);
  const again = async () => {
    await started.app.close();
    return living(folder, options);
  };
  return { ...started, folder, write, again };
}

export interface TestVersion {
  readonly name?: string;
  readonly version?: string;
  /** Members of the class. */
  readonly members?: string;
  /** What stands before the class. */
  readonly before?: string;
  readonly nexus?: object;
}

/** Writes a plugin's folder, whose route `/<name>` says its version. */
export async function writePlugin(
  folder: string,
  { name = "notes", version = "1.0.0", members = "", before = "", nexus = {} }: TestVersion = {},
): Promise<string> {
  const place = join(folder, `${name}-${version}`);
  await mkdir(place, { recursive: true });
  const json = { name, version, type: "module", nexus: { entry: "index.ts", ...nexus } };
  await writeFile(join(place, "package.json"), JSON.stringify(json));
  await writeFile(
    join(place, "index.ts"),
    `import { get, inject, Plugin } from "nexus-platform";
${before}
export default class extends Plugin {
  which = get("/${name}", () => this.version);
  ${members}
}
`,
  );
  return place;
}

export async function ask(app: App, path: string): Promise<[status: number, body: unknown]> {
  const response = await app.fetch(new Request(`http://test${path}`));
  return [response.status, await response.json()];
}

/** A plugin with a table. */
export const tables = (migrations: string): TestVersion => ({
  before: `import { Database } from "nexus-platform/database";`,
  members: `db = inject(Database);
    static migrations = { ${migrations} };
    rows = get("/rows", () => this.db.selectFrom("notes_rows").selectAll().execute());
    add = get("/add", () => this.db.insertInto("notes_rows").values({ text: "a" }).execute().then(() => 1));`,
});

/** Its first migration. */
export const firstTable = `"0001": { expand: (db) => db.schema.createTable("notes_rows").addColumn("text", "text").execute() }`;

/** Versions whose migrations each rename the column before: `a`, `b`, `c`. Each adds what it is asked to, and says all rows. */
export function renaming(version: 1 | 2 | 3, members = ""): TestVersion {
  const column = "abc"[version - 1]!;
  const renames = Array.from("abc".slice(0, version - 1)).map(
    (from, at) => `"000${at + 2}": { expand: (db) =>
      db.schema.alterTable("notes_rows").renameColumn("${from}", "${"abc"[at + 1]}").execute() }`,
  );
  const first = `"0001": { expand: (db) => db.schema.createTable("notes_rows").addColumn("a", "text").execute() }`;
  return {
    version: `${version}.0.0`,
    before: `import { Database } from "nexus-platform/database";`,
    members: `db = inject(Database);
      static migrations = { ${[first, ...renames].join(", ")} };
      rows = get("/rows", async () => (await this.db.selectFrom("notes_rows").selectAll().execute()).map((row) => row.${column}));
      add = get("/add/{text}", ({ text }) => this.db.insertInto("notes_rows").values({ ${column}: text }).execute().then(() => 1));
      ${members}`,
  };
}

/** What a start finds that comes after the process was killed at this moment. */
export async function killed(folder: string): Promise<string> {
  const copy = await newFolder();
  await cp(folder, copy, { recursive: true });
  return copy;
}
