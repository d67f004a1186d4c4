import { afterEach, expect, test } from "vitest";
import { ask, closeApps, firstTable, living, tables } from "../../test/lifecycle.ts";
import { packed } from "../../test/plugin-admin.ts";

afterEach(async () => {
  for (const name of ["gate", "after"]) Reflect.deleteProperty(globalThis, name);
  await closeApps();
});

const notes = tables(firstTable);

test("a start() that hangs inside a transaction keeps the database from nobody once it is given up", async () => {
  const { app, plugins, lines } = await living(undefined, { startTimeout: 0.2 });
  await plugins.install(await packed(notes));
  const [gate, after] = [Promise.withResolvers<void>(), Promise.withResolvers<unknown>()];
  Object.assign(globalThis, { gate: gate.promise, after: after.resolve });
  const members = `${notes.members} async start() {
    const row = { text: "lost" };
    await this.db.transaction().execute(async (trx) => {
      await trx.insertInto("notes_rows").values(row).execute();
      await globalThis.gate;
      await trx.insertInto("notes_rows").values(row).execute();
    }).catch((error) => globalThis.after(error.code));
  }`;
  const spec = await packed({ ...notes, version: "1.1.0", members });
  await expect(plugins.upgrade("notes", { spec })).rejects.toThrow("has not ended after 0.2 s");
  expect(await ask(app, "/add")).toEqual([200, 1]);
  expect(await ask(app, "/rows")).toEqual([200, [{ text: "a" }]]);
  expect(lines.map(({ msg }) => msg)).toContain(
    "A transaction that was still open was rolled back",
  );
  // Whatever it does when it wakes is no part of anybody else's work.
  gate.resolve();
  expect(await after.promise).toBe("NX_TRANSACTION_OVER");
  expect(await ask(app, "/add")).toEqual([200, 1]);
  expect(await ask(app, "/rows")).toEqual([200, [{ text: "a" }, { text: "a" }]]);
});

test("one that begins a transaction when it has been given up is refused", async () => {
  const { app, plugins } = await living(undefined, { startTimeout: 0.2 });
  await plugins.install(await packed(notes));
  const [gate, after] = [Promise.withResolvers<void>(), Promise.withResolvers<unknown>()];
  Object.assign(globalThis, { gate: gate.promise, after: after.resolve });
  const members = `${notes.members} async start() {
    await globalThis.gate;
    await this.db.transaction().execute(() => new Promise(() => {})).catch((error) => globalThis.after(error.code));
  }`;
  const spec = await packed({ ...notes, version: "1.1.0", members });
  await expect(plugins.upgrade("notes", { spec })).rejects.toThrow("has not ended after 0.2 s");
  gate.resolve();
  expect(await after.promise).toBe("NX_TRANSACTION_OVER");
  expect(await ask(app, "/add")).toEqual([200, 1]);
});
