import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { findScope, Scope } from "../scope.ts";
import { inject, keyOf, Service } from "../services.ts";
import { Database, isUniqueViolation, openDatabase, sql, transaction } from "./index.ts";

interface Tables {
  accounts: { name: string; amount: number };
  entries: { account: string };
}

/** Knows nothing of transactions. */
class Accounts extends Service {
  db = inject(Database<Tables>);

  async add(name: string, amount = 0) {
    await this.db.insertInto("accounts").values({ name, amount }).execute();
  }
  async amount(name: string) {
    const account = this.db.selectFrom("accounts").select("amount").where("name", "=", name);
    return (await account.executeTakeFirst())?.amount;
  }
  async change(name: string, by: number) {
    const amount = (await this.amount(name))! + by;
    await Promise.resolve();
    await this.db.updateTable("accounts").set({ amount }).where("name", "=", name).execute();
  }
}

let app: Scope;
let db: Database<Tables>;
let accounts: Accounts;

beforeEach(async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "nexus-database-"));
  app = new Scope("app", "");
  const opened = await openDatabase({ dataDir });
  app.provide(keyOf(Database), opened);
  db = app.run(() => inject(Database<Tables>));
  accounts = app.run(() => new Accounts());
  await sql`create table accounts (name text primary key, amount integer)`.execute(db);
  await sql`create table entries (account text references accounts (name)
    deferrable initially deferred)`.execute(db);
  return async () => {
    await db.stop();
    await rm(dataDir, { recursive: true });
  };
});

const request = <T>(work: () => T): T => app.child("request", "").run(work);
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test("what a transaction wrote is kept, and its value is returned", async () => {
  const result = await request(() =>
    transaction(async (trx) => {
      await trx.insertInto("accounts").values({ name: "ann", amount: 5 }).execute();
      return "done";
    }),
  );
  expect(result).toBe("done");
  expect(await accounts.amount("ann")).toBe(5);
});

test("an error undoes all that was written, in whatever service, and is thrown on", async () => {
  const failing = request(() =>
    transaction(async () => {
      await accounts.add("ann");
      throw new Error("no");
    }),
  );
  await expect(failing).rejects.toThrow("no");
  expect(await accounts.amount("ann")).toBeUndefined();
});

test("a query of another service is part of the transaction", async () => {
  await request(() =>
    transaction(async (trx) => {
      await trx.insertInto("accounts").values({ name: "ann", amount: 1 }).execute();
      expect(await accounts.amount("ann")).toBe(1);
      await Promise.all([accounts.add("bob"), accounts.add("cid"), sleep(1)]);
    }),
  );
  expect(await accounts.amount("cid")).toBe(0);
});

test("db.transaction() is joined just so, even outside of every scope", async () => {
  await db.transaction().execute(async (trx) => {
    await trx.insertInto("accounts").values({ name: "ann", amount: 1 }).execute();
    expect(await accounts.amount("ann")).toBe(1);
  });
});

test("another request waits, and never sees a row that is not committed", async () => {
  const began = Promise.withResolvers<void>();
  const writing = request(() =>
    transaction(async () => {
      await accounts.add("ann", 1);
      began.resolve();
      await sleep(20);
      await accounts.change("ann", 1);
    }),
  );
  await began.promise;
  expect(await request(() => accounts.amount("ann"))).toBe(2);
  await writing;
});

test("another request never sees a row that is undone", async () => {
  const began = Promise.withResolvers<void>();
  const failing = request(() =>
    transaction(async () => {
      await accounts.add("ann");
      began.resolve();
      await sleep(20);
      throw new Error("no");
    }),
  );
  failing.catch(() => {});
  await began.promise;
  expect(await request(() => accounts.amount("ann"))).toBeUndefined();
});

test("two transactions of one request, side by side, stay apart", async () => {
  await request(() =>
    Promise.allSettled([
      transaction(async () => {
        await accounts.add("ann");
        await sleep(10);
        throw new Error("no");
      }),
      transaction(() => accounts.add("bob")),
    ]),
  );
  expect(await accounts.amount("ann")).toBeUndefined();
  expect(await accounts.amount("bob")).toBe(0);
});

test("50 requests that read, add one and write come to 50", async () => {
  await accounts.add("ann");
  await Promise.all(
    Array.from({ length: 50 }, () => request(() => transaction(() => accounts.change("ann", 1)))),
  );
  expect(await accounts.amount("ann")).toBe(50);
});

test("a transaction inside a transaction is a part of it", async () => {
  const failing = request(() =>
    transaction(async () => {
      await transaction(() => accounts.add("ann"));
      await db.transaction().execute(() => accounts.add("bob"));
      throw new Error("no");
    }),
  );
  await expect(failing).rejects.toThrow("no");
  expect(await accounts.amount("ann")).toBeUndefined();
  expect(await accounts.amount("bob")).toBeUndefined();
});

test("when an inner transaction fails, all of it is undone, even if its error is caught", async () => {
  const failing = request(() =>
    transaction(async () => {
      await accounts.add("ann");
      await transaction(() => Promise.reject(new Error("no"))).catch(() => {});
    }),
  );
  await expect(failing).rejects.toMatchObject({ code: "NX_TRANSACTION_FAILED" });
  expect(await accounts.amount("ann")).toBeUndefined();
});

test("a failing query may be caught, and the transaction goes on", async () => {
  await request(() =>
    transaction(async () => {
      await accounts.add("ann");
      const error: unknown = await accounts.add("ann").catch((reason: unknown) => reason);
      expect(isUniqueViolation(error)).toBe(true);
      await accounts.add("bob");
    }),
  );
  expect(await accounts.amount("bob")).toBe(0);
});

test("when committing fails, everything is undone, the error is thrown, and others go on", async () => {
  const failing = request(() =>
    transaction(async (trx) => {
      await accounts.add("ann");
      await trx.insertInto("entries").values({ account: "nobody" }).execute();
    }),
  );
  await expect(failing).rejects.toThrow("FOREIGN KEY");
  expect(await accounts.amount("ann")).toBeUndefined();
  await request(() => transaction(() => accounts.add("bob")));
  expect(await accounts.amount("bob")).toBe(0);
});

test("outside of every scope transaction() says where to call it", async () => {
  expect(findScope()).toBeUndefined();
  await expect(async () => transaction(async () => {})).rejects.toMatchObject({
    code: "NX_NO_SCOPE",
  });
});

/** What the dispatcher does with a dependency that is a generator. */
async function withDependency(handler: () => Promise<unknown>): Promise<void> {
  const opened = transaction.run({} as never) as AsyncGenerator;
  await opened.next();
  try {
    await handler();
  } catch (error) {
    await opened.throw(error);
    throw error;
  }
  await opened.next();
}

test("as a dependency it lasts as long as the handler, and keeps what the handler wrote", async () => {
  expect([transaction.kind, transaction.scope]).toEqual(["dependency", "function"]);
  let background: Promise<void> | undefined;
  const answered = Promise.withResolvers<void>();
  await request(async () => {
    background = answered.promise.then(() => accounts.add("bob"));
    await withDependency(async () => {
      await accounts.add("ann");
      expect(await Promise.race([app.run(() => accounts.amount("ann")), sleep(5)])).toBeUndefined();
    });
    expect(await accounts.amount("ann")).toBe(0);
    answered.resolve();
    await background;
  });
  expect(await accounts.amount("bob")).toBe(0);
});

test("as a dependency it undoes what the handler wrote when the handler throws", async () => {
  const failing = request(() =>
    withDependency(async () => {
      await accounts.add("ann");
      throw new Error("no");
    }),
  );
  await expect(failing).rejects.toThrow("no");
  expect(await accounts.amount("ann")).toBeUndefined();
});

test("as a dependency it throws when committing fails", async () => {
  const failing = request(() =>
    withDependency(async () => {
      await db.insertInto("entries").values({ account: "nobody" }).execute();
    }),
  );
  await expect(failing).rejects.toThrow("FOREIGN KEY");
  await accounts.add("ann");
});

test("as a dependency that nobody resumes it is undone", async () => {
  await request(async () => {
    const opened = transaction.run({} as never) as AsyncGenerator;
    await opened.next();
    await accounts.add("ann");
    await opened.return(undefined);
    expect(await accounts.amount("ann")).toBeUndefined();
  });
});

test("work that is left for after the commit runs then, and never after a rollback", async () => {
  const told: string[] = [];
  await request(() =>
    transaction(async () => {
      await accounts.add("ann");
      db.afterCommit(() => told.push("outer"));
      await transaction(async () => db.afterCommit(() => told.push("joined")));
      db.afterCommit(() => {
        throw new Error("logged, and no matter of the others");
      });
      db.afterCommit(() => Promise.reject(new Error("neither is this")));
      db.afterCommit(() => told.push("last"));
      expect(told).toEqual([]);
    }),
  );
  expect(told).toEqual(["outer", "joined", "last"]);
  expect(await accounts.amount("ann")).toBe(0);
  const failing = request(() =>
    transaction(async () => {
      db.afterCommit(() => told.push("never"));
      throw new Error("no");
    }),
  );
  await expect(failing).rejects.toThrow("no");
  const refused = request(() =>
    transaction(async () => {
      await db.insertInto("entries").values({ account: "nobody" }).execute();
      db.afterCommit(() => told.push("never"));
    }),
  );
  await expect(refused, "the commit itself").rejects.toThrow("FOREIGN KEY");
  db.afterCommit(() => told.push("at once"));
  expect(told).toEqual(["outer", "joined", "last", "at once"]);
});
