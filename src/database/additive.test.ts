import { expect, test } from "vitest";
import { Additive } from "./additive.ts";

/** What is said of the last of some statements, where there are already `notes` and `users`. */
function said(...statements: string[]): string | undefined {
  const additive = new Additive(["Notes", "users", "some view"]);
  return statements.map((sql) => additive.against(sql)).at(-1);
}

test.each([
  `create table "tags" ("id" integer primary key, "name" text not null unique)`,
  `CREATE TABLE IF NOT EXISTS tags (name text);`,
  `create table if not exists notes (name text)`,
  `create temporary table seen as select * from notes`,
  `create virtual table notes_text using fts5(text)`,
  `create index "notes_by_age" on "notes" ("created_at")`,
  `create index if not exists notes_by_age on notes (age) where age > 3`,
  `create view "short" as select "id" from "notes"`,
  `alter table "notes" add column "title" text`,
  `alter table notes add title text`,
  `alter table "notes" add "unique" text`,
  `alter table "notes" add column "not null" text`,
  `alter table "notes" add column "owner" text references "users" ("id") on delete set null`,
  `alter table "notes" add column "pinned" boolean default 0 not null`,
  `alter table "notes" add column "pinned" boolean not null default (1 is not null)`,
  `alter table "notes" add column "size" integer check (size is not null)`,
  `alter table "notes" add column "half" integer not null generated always as (size / 2)`,
  `alter table "notes" add column "half" integer not null as (size / 2)`,
  `alter table "notes" add column "a" text, add column "b" numeric(10, 2)`,
  `insert into "notes" ("text") values ('drop table notes; --')`,
  `insert or ignore into notes (text) values ('a')`,
  `insert into notes (id) values (1) on conflict do update set text = 'a'`,
  `update "notes" set "title" = "text" where "text" not in (select text from users)`,
  `with old as (delete_me as (select 1)) update notes set title = 'a'`,
  `with recursive n(x) as (select 1 union select x + 1 from n) insert into notes select * from n`,
  `select * from notes`,
  `values (1), (2)`,
  `-- drop\n/* drop */ select 1 -- drop`,
  `create trigger keep after insert on notes begin
     update notes set title = case when text is null then '' else text end where id = new.id;
     insert into users (name) values ('a;b');
   end;`,
])("additive: %s", (sql) => {
  expect(said(sql)).toBeUndefined();
});

test.each([
  [`drop table "notes"`, `drops "notes"`],
  [`DROP TABLE IF EXISTS main.[Notes]`, `drops "notes"`],
  ["drop table `notes`", `drops "notes"`],
  [`drop view "some view"`, `drops "some view"`],
  [`drop table "a""b"`, `drops "a"b"`],
  [`drop index "notes_by_age"`, `drops the index "notes_by_age"`],
  [`drop trigger if exists keep`, `drops the trigger "keep"`],
  [`delete from "notes" where 1 = 0`, `deletes rows of "notes"`],
  [`with a as (select 1) delete from notes`, `deletes rows of "notes"`],
  [`replace into notes values (1)`, `may replace rows of "notes"`],
  [`insert or replace into notes values (1)`, `may replace rows of "notes"`],
  [`update or replace notes set id = 1`, `may replace rows of "notes"`],
  [`create unique index "one" on "notes" ("title")`, `makes a unique index on "notes"`],
  [`alter table "notes" rename to "letters"`, `changes "notes" otherwise than by adding columns`],
  [
    `alter table notes rename column text to body`,
    `changes "notes" otherwise than by adding columns`,
  ],
  [`alter table "notes" drop column "text"`, `changes "notes" otherwise than by adding columns`],
  [
    `alter table "notes" add column "a" text, drop column "b"`,
    `changes "notes" otherwise than by adding columns`,
  ],
  [
    `alter table notes alter column a set not null`,
    `changes "notes" otherwise than by adding columns`,
  ],
  [`alter table notes add constraint one unique (title)`, `adds a constraint to "notes"`],
  [`alter table notes add check (title > '')`, `adds a constraint to "notes"`],
  [`alter table notes add column slug text unique`, `adds the unique column "slug" to "notes"`],
  [`alter table notes add column id integer primary key`, `adds the unique column "id" to "notes"`],
  [
    `alter table "notes" add column "title" text not null`,
    `adds the column "title" to "notes", which is not null and has no default`,
  ],
  [
    `alter table notes add column title text not null check (title > default_of('as'))`,
    `adds the column "title" to "notes", which is not null and has no default`,
  ],
  [
    `create trigger keep before insert on notes begin select raise(abort, 'no'); end`,
    `makes a trigger that may refuse what old code writes`,
  ],
  [
    `create trigger keep after insert on notes begin update notes set a = 1; delete from users; end`,
    `makes a trigger that deletes rows of "users"`,
  ],
  [`select 1; drop table notes`, "is several statements in one"],
  [`create table a (b text); drop table notes`, "is several statements in one"],
  [`pragma foreign_keys = off`, "is no statement that is known to be additive"],
  [`create or replace view v as select 1`, "is no statement that is known to be additive"],
  [`alter view v rename to w`, "is no statement that is known to be additive"],
  [``, "is no statement that is known to be additive"],
])("not additive: %s", (sql, reason) => {
  expect(said(sql)).toBe(reason);
});

test("with what the same migrations have made, anything can be done", () => {
  const made = [`create table "tags" ("name" text)`, `create view some_tags as select * from tags`];
  for (const sql of [
    `create unique index "one" on "tags" ("name")`,
    `alter table "tags" drop column "name"`,
    `delete from "tags"`,
    `replace into main."TAGS" values ('a')`,
    `create trigger t before delete on tags begin select raise(abort, 'no'); end`,
    `drop table "tags"`,
    `drop view some_tags`,
  ]) {
    expect(said(...made, sql), sql).toBeUndefined();
    expect(said(sql), sql).toBeDefined();
  }
  const moved = [...made, `alter table tags rename to labels`];
  expect(said(...moved, `drop table labels`)).toBeUndefined();
  expect(said(`alter table notes rename to labels`, `drop table labels`)).toBe(`drops "labels"`);
});

test("a table that was there is not made by asking for it", () => {
  expect(said(`create table if not exists "notes" (id)`, `delete from notes`)).toBeDefined();
  expect(said(`create temp table notes (id)`, `delete from main.notes`)).toBeDefined();
  expect(said(`create table if not exists "tags" (id)`, `delete from tags`)).toBeUndefined();
});
