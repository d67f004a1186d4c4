export interface NewPluginAbout {
  /** The versions of the platform that it works with. */
  readonly platform: string;
  readonly runner: "vitest" | "node:test";
}

/** The files of a first plugin, by their names. */
export function filesOf(name: string, about: NewPluginAbout): Record<string, string> {
  const words = name.split("-").filter(Boolean);
  const type = typeName(words);
  return {
    "package.json": `${JSON.stringify(packageJson(name, words, about), null, 2)}\n`,
    "index.ts": code(name, type, tableName(words)),
    "index.test.ts": test(name, type, about.runner),
  };
}

function packageJson(name: string, words: readonly string[], about: NewPluginAbout): object {
  return {
    name,
    version: "0.1.0",
    description: "Keeps short texts, and lists them",
    license: "UNLICENSED",
    type: "module",
    files: ["**/*.ts", "!**/*.test.ts"],
    scripts: { test: about.runner === "vitest" ? "vitest run" : "node --test" },
    peerDependencies: { "nexus-platform": about.platform, zod: ">=4.6" },
    nexus: {
      entry: "index.ts",
      title: words.map(capital).join(" "),
      platform: about.platform,
    },
  };
}

const code = (name: string, type: string, table: string): string => `\
import { get, inject, Plugin, post, Service } from "nexus-platform";
import { Database, type Generated, type Migrations } from "nexus-platform/database";
import { z } from "zod";

const Entry = z.object({ id: z.int(), text: z.string(), created_at: z.date() });

interface Tables {
  ${table}: { id: Generated<number>; text: string; created_at: Date };
}

export class ${type}Service extends Service {
  #db = inject(Database<Tables>);

  /** The newest first. */
  async list() {
    return this.#db.selectFrom("${table}").selectAll().orderBy("id", "desc").execute();
  }

  async add(text: string) {
    return this.#db
      .insertInto("${table}")
      .values({ text, created_at: new Date() })
      .returningAll()
      .executeTakeFirstOrThrow();
  }
}

export default class ${type} extends Plugin {
  static prefix = "/${name}";
  static services = [${type}Service];
  static migrations: Migrations = {
    "0001_${table}": {
      expand: (db) =>
        db.schema
          .createTable("${table}")
          .addColumn("id", "serial", (column) => column.primaryKey())
          .addColumn("text", "text", (column) => column.notNull())
          .addColumn("created_at", "timestamptz", (column) => column.notNull())
          .execute(),
    },
  };

  entries = inject(${type}Service);

  /** All entries, the newest first. */
  list = get("/", { response: z.array(Entry) }, () => this.entries.list());

  /** Adds an entry. */
  add = post(
    "/",
    { body: z.object({ text: z.string().min(1).max(1000) }), response: Entry, status: 201 },
    ({ body }) => this.entries.add(body.text),
  );
}
`;

const test = (name: string, type: string, runner: string): string => `\
import assert from "node:assert/strict";
import { test } from "${runner}";
import { TestClient } from "nexus-platform/testing";
import { z } from "zod";
import ${type} from "./index.ts";

test("what was added is listed", async () => {
  await using client = await TestClient.of(${type});
  const { status } = await client.post("/${name}", { json: { text: "Hello" } });
  assert.equal(status, 201);

  const answer = await client.get("/${name}");
  const entries = await answer.json(z.array(z.object({ text: z.string() })));
  assert.deepEqual(entries, [{ text: "Hello" }]);
});

test("an entry without a text is refused", async () => {
  await using client = await TestClient.of(${type});
  assert.equal((await client.post("/${name}", { json: { text: "" } })).status, 422);
});
`;

/** What the code above calls so. */
const used = "Database Entry Generated Migrations Plugin Service Tables TestClient".split(" ");

/** `GuestBook`; one that something else has is told apart. */
function typeName(words: readonly string[]): string {
  const name = words.map(capital).join("");
  return used.includes(name) || name in globalThis ? `${name}Plugin` : name;
}

function tableName(words: readonly string[]): string {
  // SQLite keeps the names that begin with its own for itself.
  return [...words, "entries"].join("_").replace(/^sqlite_/, "_sqlite_");
}

function capital(word: string): string {
  return word[0]!.toUpperCase() + word.slice(1);
}
