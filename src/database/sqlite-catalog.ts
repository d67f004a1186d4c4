import { type Kysely, sql } from "kysely";
import type { Catalog, Columns, Counter, Definition, Reference, Relation } from "./catalog.ts";
import type { AnyTables } from "./migration.ts";

type Db = Kysely<AnyTables>;

/** What `sqlite_schema` and the pragmas tell. */
export class SqliteCatalog implements Catalog {
  async relations(db: Db): Promise<Relation[]> {
    const { rows } = await sql<Relation>`select name, type as kind from pragma_table_list
      where schema = 'main' and name not like 'sqlite\\_%' escape '\\'`.execute(db);
    return rows;
  }

  async definitions(db: Db, names: readonly string[]): Promise<Definition[]> {
    // What a constraint makes has no text of its own, nor has what a virtual table makes.
    const { rows } = await sql<Definition>`select type, name, tbl_name as "table", sql
      from sqlite_schema where sql is not null and tbl_name collate nocase in ${among(names)}
        and tbl_name not in (select name from pragma_table_list where schema = 'main' and type = 'shadow')
      order by rowid`.execute(db);
    return rows;
  }

  async columns(db: Db, table: string): Promise<Columns> {
    const { rows } = await sql<{ name: string; hidden: number; pk: number }>`
      select name, hidden, pk from pragma_table_xinfo(${table})`.execute(db);
    const { rows: kinds } = await sql`select 1 from pragma_table_list
      where schema = 'main' and name = ${table} and wr = 1`.execute(db);
    const names = rows.filter(({ hidden }) => hidden === 0).map(({ name }) => name);
    if (kinds.length) {
      // In the order of the index that finds them.
      const key = rows.filter(({ pk }) => pk > 0).toSorted((a, b) => a.pk - b.pk);
      return { names, key: key.map(({ name }) => name) };
    }
    const taken = new Set(rows.map(({ name }) => name.toLowerCase()));
    return {
      names,
      key: ["rowid", "oid", "_rowid_"].filter((name) => !taken.has(name)).slice(0, 1),
    };
  }

  async references(db: Db, names: readonly string[]): Promise<Reference[]> {
    const { rows } = await sql<Reference>`select distinct t.name as "from", r."table" as "to"
      from pragma_table_list t join pragma_foreign_key_list(t.name) r
      where t.schema = 'main' and t.type = 'table'
        and r."table" collate nocase in ${among(names)} and t.name not in ${among(names)}`.execute(
      db,
    );
    return rows;
  }

  async counters(db: Db, names: readonly string[]): Promise<Counter[]> {
    if (!(await hasCounters(db))) return [];
    const { rows } = await sql<Counter>`select name as "table", cast(seq as text) as last
      from sqlite_sequence where name in ${among(names)}`.execute(db);
    return rows;
  }

  async setCounter(db: Db, { table, last }: Counter): Promise<void> {
    await sql`delete from sqlite_sequence where name = ${table}`.execute(db);
    await sql`insert into sqlite_sequence (name, seq) values (${table}, ${BigInt(last)})`.execute(
      db,
    );
  }
}

/** There are some once a table has been made that uses no number twice. */
async function hasCounters(db: Db): Promise<boolean> {
  const { rows } = await sql`select 1 from sqlite_schema where name = 'sqlite_sequence'`.execute(
    db,
  );
  return rows.length > 0;
}

const among = (names: readonly string[]) =>
  sql`(select value from json_each(${JSON.stringify(names)}))`;
