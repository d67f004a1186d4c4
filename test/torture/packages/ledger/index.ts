import { get, inject, Plugin, post } from "nexus-platform";
import { Database, type Migrations, sql } from "nexus-platform/database";
import { setTimeout as sleep } from "node:timers/promises";

// Its own, which publishing writes here.
const version: string = "0.0.0";

/** What later versions do to the table: 1.1.0 adds to it, 2.0.0 changes what is there. */
const later: Readonly<Record<string, Migrations>> = {
  "1.1.0": {
    "0002_note": {
      async expand(db) {
        await db.schema.alterTable("ledger").addColumn("note", "text").execute();
        for (let n = 0; n < 400; n++)
          await db.updateTable("ledger").set({ note: "added" }).where("n", "=", n).execute();
      },
    },
  },
  "2.0.0": {
    "0002_name": {
      async expand(db) {
        await db.schema.alterTable("ledger").renameColumn("title", "name").execute();
        for (let n = 0; n < 400; n++)
          await sql`update ledger set name = upper(name) where n = ${n}`.execute(db);
        await db.schema.createTable("ledger_names").addColumn("name", "text").execute();
      },
    },
  },
};
const column = version === "2.0.0" ? "name" : "title";

/** Keeps rows, in a table of which each version has its own idea. */
export default class Ledger extends Plugin {
  static override readonly prefix = "/ledger";
  static override readonly migrations: Migrations = {
    "0001_ledger": {
      expand: (db) =>
        db.schema
          .createTable("ledger")
          .addColumn("n", "integer", (n) => n.primaryKey())
          .addColumn("title", "text")
          .execute(),
    },
    ...later[version],
  };

  db = inject(Database<{ ledger: { n: number; title?: string; name?: string } }>);

  override async start(): Promise<void> {
    // What takes no time is never interrupted.
    if (version !== "1.0.0") await sleep(30);
  }

  /** All rows, as this version reads them, and what the table has. */
  all = get("/rows", async () => {
    const rows = await this.db.selectFrom("ledger").select(["n", column]).orderBy("n").execute();
    const found = await sql<{ name: string }>`select name from pragma_table_info('ledger')`.execute(
      this.db,
    );
    return {
      version,
      columns: found.rows.map(({ name }) => name),
      rows: rows.map((row) => [row.n, row[column]]),
    };
  });

  add = post("/rows/{n:int}", async ({ n }) => {
    await this.db
      .insertInto("ledger")
      .values({ n, [column]: `row ${n}` })
      .execute();
    return { n };
  });
}
