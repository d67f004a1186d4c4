import { beforeEach, expect, onTestFinished, test } from "vitest";
import { Scope } from "../scope.ts";
import { openDatabase, sql, type Database } from "./index.ts";

let db: Database;

beforeEach(async () => {
  db = await openDatabase({ url: "sqlite::memory:", patience: 0.05 });
  await sql`create table names (name text unique)`.execute(db);
  return () => db.stop();
});

const add = (name: string) => sql`insert into names values (${name})`.execute(db);
const names = async () => {
  const { rows } = await sql<{ name: string }>`select name from names order by name`.execute(db);
  return rows.map(({ name }) => name);
};
const request = <T>(work: () => T): T => new Scope("request", "").run(work);
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test("work that goes on after the transaction is no part of it, nor of the next one", async () => {
  let later: Promise<unknown> | undefined;
  const ended = Promise.withResolvers<void>();
  await request(() =>
    db.transaction().execute(async () => {
      later = ended.promise.then(() => add("ann"));
    }),
  );
  const failing = request(() =>
    db.transaction().execute(async () => {
      ended.resolve();
      await sleep(10);
      throw new Error("no");
    }),
  );
  await expect(failing).rejects.toThrow("no");
  await later;
  expect(await names()).toEqual(["ann"]);
});

test("a query that nobody awaited is either a part of its transaction or refused", async () => {
  let forgotten: Promise<unknown> | undefined;
  await request(() =>
    db.transaction().execute(async () => {
      forgotten = add("ann").catch((error: unknown) => error);
    }),
  );
  const outcome = await forgotten;
  if (outcome instanceof Error) expect(outcome).toMatchObject({ code: "NX_TRANSACTION_OVER" });
  expect(await names()).toEqual(outcome instanceof Error ? [] : ["ann"]);
});

test("once a query's failure has ended the transaction, nothing more is written", async () => {
  const failing = request(() =>
    db.transaction().execute(async () => {
      await add("ann");
      await sql`insert or rollback into names values ('ann')`.execute(db).catch(() => {});
      await add("bob");
    }),
  );
  await expect(failing).rejects.toMatchObject({ code: "NX_TRANSACTION_OVER" });
  expect(await names()).toEqual([]);
});

test("reading a stream holds nobody up, the reader's own queries included", async () => {
  await add("ann");
  const stream = db
    .$extendTables<{ names: { name: string } }>()
    .selectFrom("names")
    .select("name")
    .stream();
  for await (const { name } of stream) await add(`${name} ann`);
  expect(await names()).toEqual(["ann", "ann ann"]);
});

test("holding a connection holds nobody up", async () => {
  await db.connection().execute(async () => add("ann"));
  expect(await names()).toEqual(["ann"]);
});

test("a query that waits too long is told why, and the next ones go on", async () => {
  const open = await db.startTransaction().execute();
  await expect(names()).rejects.toMatchObject({ code: "NX_DATABASE_BUSY" });
  const waiting = names();
  await open.rollback().execute();
  expect(await waiting).toEqual([]);
});

test("what the app begins for itself, no request joins", async () => {
  const app = new Scope("app", "");
  const open = await app.run(() => db.startTransaction().execute());
  await sql`insert into names values ('ann')`.execute(open);
  const seen = app.child("request", "").run(names);
  await open.rollback().execute();
  expect(await seen).toEqual([]);
});

test("a savepoint undoes a part of a transaction, and what was left for after the commit", async () => {
  const told: string[] = [];
  await request(async () => {
    const trx = await db.startTransaction().execute();
    await add("ann");
    db.afterCommit(() => told.push("ann"));
    const saved = await trx.savepoint('the "point"').execute();
    await add("bob");
    db.afterCommit(() => told.push("bob"));
    await saved.rollbackToSavepoint('the "point"').execute();
    await saved.releaseSavepoint('the "point"').execute();
    await trx.commit().execute();
  });
  expect(await names()).toEqual(["ann"]);
  expect(told).toEqual(["ann"]);
});

test("two databases do not join each other's transactions", async () => {
  const other = await openDatabase({ url: "sqlite::memory:" });
  onTestFinished(() => other.stop());
  await sql`create table t (n integer)`.execute(other);
  const failing = request(() =>
    db.transaction().execute(async () => {
      await add("ann");
      await other.transaction().execute((trx) => sql`insert into t values (1)`.execute(trx));
      expect(await names()).toEqual(["ann"]);
      throw new Error("no");
    }),
  );
  await expect(failing).rejects.toThrow("no");
  expect(await names()).toEqual([]);
  expect((await sql`select n from t`.execute(other)).rows).toEqual([{ n: 1 }]);
});
