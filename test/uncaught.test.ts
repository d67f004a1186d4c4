import { afterAll, describe, expect, test } from "vitest";
import { writePlugin } from "./lifecycle.ts";
import { cleanUp, makeFolder, nexus, plugin, run, until } from "./nexus-process.ts";

afterAll(cleanUp);

const good = plugin("Good", `get = get("/good", () => "well");`);
/** One of which something fails when it is asked, where nobody can catch it. */
const bad = plugin(
  "Bad",
  `get = get("/bad", () => "well");
   timer = get("/bad/timer", () => { setTimeout(() => { throw new Error("boom"); }, 1); return 1; });
   promise = get("/bad/promise", () => { void Promise.reject(new Error("forgotten")); return 1; });
   told = get("/bad/told", () => emit(happened, {}).then(() => 1));`,
  `import { emit, event } from "nexus-platform/events"; import { z } from "zod";
   export const happened = event("happened", z.object({}));`,
);
const hears = plugin(
  "Hears",
  `get = get("/hears", () => "well");
   heard = on("happened", () => { setImmediate(() => { throw "a word"; }); });`,
  `import { on } from "nexus-platform/events";`,
);

const status = async (url: string): Promise<number> => {
  const answer = await fetch(url);
  await answer.text();
  return answer.status;
};

describe.concurrent("an error that nobody caught", { timeout: 30_000 }, () => {
  test("fails the plugin in which it was thrown, which is started again; the others go on", async () => {
    const needs = plugin("Needs", `bad = this.name; get = get("/needs", () => "well");`);
    const manifest = {
      name: "needs",
      version: "1.0.0",
      type: "module",
      nexus: { plugins: { bad: "*" } },
    };
    const app = nexus(
      "start",
      await makeFolder({
        "plugins/good.ts": good,
        "plugins/bad.ts": bad,
        "plugins/hears.ts": hears,
        "plugins/needs/index.ts": needs,
        "plugins/needs/package.json": JSON.stringify(manifest),
      }),
    );
    const url = await app.url();
    expect(await status(`${url}/bad/timer`)).toBe(200);
    await until(async () => (await status(`${url}/bad`)) === 503);
    expect(await status(`${url}/needs`)).toBe(503);
    const closed = await fetch(`${url}/bad`);
    expect([closed.status, closed.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(await status(`${url}/good`)).toBe(200);
    expect(app.logged()).toContainEqual(
      expect.objectContaining({
        level: 50,
        plugin: "bad",
        step: "run",
        msg: 'The plugin "bad" failed (run): boom',
        err: expect.objectContaining({ stack: expect.stringContaining("bad.ts") }),
      }),
    );
    await until(async () => (await status(`${url}/bad`)) === 200);
    await until(async () => (await status(`${url}/needs`)) === 200);
    // Soon again: the pause is longer.
    expect(await status(`${url}/bad/timer`)).toBe(200);
    await until(async () => (await status(`${url}/bad`)) === 503);
    expect((await fetch(`${url}/bad`)).headers.get("retry-after")).toBe("2");
    expect(await app.stop()).toBe(0);
  });

  test("of a listener is the listener's, and not of who told it", async () => {
    const folder = await makeFolder({ "plugins/bad.ts": bad, "plugins/hears.ts": hears });
    const app = nexus("start", folder);
    const url = await app.url();
    expect(await status(`${url}/bad/told`)).toBe(200);
    await until(async () => (await status(`${url}/hears`)) === 503);
    expect(await status(`${url}/bad`)).toBe(200);
    expect(await app.stop()).toBe(0);
  });

  test("of a promise is told with the plugin, which goes on", async () => {
    const app = nexus("start", await makeFolder({ "plugins/bad.ts": bad }));
    const url = await app.url();
    expect(await status(`${url}/bad/promise`)).toBe(200);
    await until(() => app.stderr().includes("forgotten"));
    expect(app.logged()).toMatchObject([
      { level: 50, plugin: "bad", msg: "A promise failed that nobody awaited" },
    ]);
    expect(await status(`${url}/bad`)).toBe(200);
    expect(await app.stop()).toBe(0);
  });

  test("fails a plugin while it starts, or while its modules are loaded; the app starts", async () => {
    const starts = plugin(
      "Starts",
      `get = get("/starts", () => 1);
       async start() {
         setTimeout(() => { throw new Error("at once"); }, 1);
         await new Promise((done) => setTimeout(done, 50));
       }`,
    );
    const loads = `setTimeout(() => { throw new Error("in a module"); }, 1);
      ${plugin("Loads", `get = get("/loads", () => 1);`)}`;
    const files = {
      "plugins/good.ts": good,
      "plugins/starts.ts": starts,
      "plugins/loads.ts": loads,
    };
    const app = nexus("start", await makeFolder(files));
    const url = await app.url();
    await until(() => app.stderr().includes("in a module"));
    await until(() => app.stderr().includes("failed (start): at once"));
    expect(await status(`${url}/starts`)).toBe(503);
    expect(await status(`${url}/good`)).toBe(200);
    // It has been thrown once, and never again.
    await until(async () => (await status(`${url}/loads`)) === 200);
    expect(await app.stop()).toBe(0);
  });

  test("in a version that is watched brings back the version before", async () => {
    const folder = await makeFolder();
    const app = nexus("start", folder);
    const url = await app.url();
    await writePlugin(folder, { version: "1.0.0" });
    const members = `start() { setTimeout(() => { throw new Error("boom"); }, 300); }`;
    await writePlugin(folder, { version: "1.1.0", members });
    await run(folder, ["plugin", "install", "./notes-1.0.0"]);
    await run(folder, ["plugin", "upgrade", "notes", "./notes-1.1.0", "--wait"]);
    expect(await (await fetch(`${url}/notes`)).json()).toBe("1.0.0");
    expect(app.stderr()).toContain("Rolled back from 1.1.0 to 1.0.0: it is unwell: boom");
    expect(await app.stop()).toBe(0);
  });

  test("that is no plugin's ends the app with code 1, and what runs is finished", async () => {
    const config = `import { middleware } from "nexus-platform/middleware";
      export default { middleware: [middleware((request, next) => {
        if (request.path === "/nobody") setImmediate(() => { throw new Error("the app's own"); });
        return next(request);
      })] };`;
    const slow = plugin(
      "Slow",
      `get = get("/slow", () => new Promise((done) => setTimeout(() => done("finished"), 500)));`,
    );
    const files = { "nexus.config.ts": config, "plugins/slow.ts": slow };
    const app = nexus("start", await makeFolder(files));
    const url = await app.url();
    const [answer] = await Promise.all([fetch(`${url}/slow`), status(`${url}/nobody`)]);
    expect([answer.status, await answer.text()]).toEqual([200, `"finished"`]);
    expect(await app.code).toBe(1);
    expect(app.logged()).toContainEqual(
      expect.objectContaining({ level: 60, msg: "An error that nobody caught; stopping" }),
    );
  });
});
