import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { openDatabase, sql } from "./index.ts";

test("a patience without an end waits for every transaction", async () => {
  for (const patience of [Infinity, 1e9]) {
    const db = await openDatabase({ url: "sqlite::memory:", patience });
    onTestFinished(() => db.stop());
    const begun = Promise.withResolvers<void>();
    const first = db.transaction().execute(async () => {
      begun.resolve();
      await sleep(30);
    });
    await begun.promise;
    const { rows } = await sql`select 1 as one`.execute(db);
    expect(rows).toEqual([{ one: 1 }]);
    await first;
  }
});
