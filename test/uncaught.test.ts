import { afterAll, describe, expect, test } from "vitest";
import { writePlugin } from "./lifecycle.ts";
import {
  cleanUp,
  makeFolder,
  nexus,
  plugin,
  run,
  type Running,
  until,
  writeFiles,
} from "./nexus-process.ts";

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

const hasFailed = (app: Running, name: string): boolean =>
  app.logged().some(({ plugin, step }) => plugin === name && step === "run");

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

  test("in a timer of a module is told each time, whatever has become of its plugin", async () => {
    const folder = await makeFolder({
      "plugins/good.ts": good,
      "plugins/polls.ts": `setInterval(() => { throw new Error("poll"); }, 150);
        ${plugin("Polls", `get = get("/polls", () => 1);`)}`,
    });
    const app = nexus("start", folder);
    const url = await app.url();
    const told = () => app.logged().filter(({ plugin }) => plugin === "polls");
    await until(() => told().length > 5);
    expect(told()).toContainEqual(
      expect.objectContaining({
        level: 50,
        msg: "An error that nobody caught, in code of a plugin that does not run",
        err: expect.objectContaining({ message: "poll" }),
      }),
    );
    await run(folder, ["plugin", "disable", "polls"]);
    const before = told().length;
    await until(() => told().length > before + 3);
    expect([await status(`${url}/polls`), await status(`${url}/good`)]).toEqual([404, 200]);
    expect(await app.stop()).toBe(0);
  });

  test("in a timer of an old version's module is no fault of the new one", async () => {
    const folder = await makeFolder();
    const app = nexus("start", folder);
    const url = await app.url();
    const before = `setInterval(() => { if (globalThis.isBad) throw new Error("old poll"); }, 50);`;
    await writePlugin(folder, { version: "1.0.0", before });
    const members = `start() { setTimeout(() => { globalThis.isBad = true; }, 300); }`;
    await writePlugin(folder, { version: "1.1.0", members });
    await run(folder, ["plugin", "install", "./notes-1.0.0"]);
    await run(folder, ["plugin", "upgrade", "notes", "./notes-1.1.0", "--window", "60"]);
    await until(() => app.stderr().split("old poll").length > 5);
    expect(app.logged()).toContainEqual(
      expect.objectContaining({
        plugin: "notes",
        err: expect.objectContaining({ message: "old poll" }),
      }),
    );
    expect(await (await fetch(`${url}/notes`)).json()).toBe("1.1.0");
    expect(await app.stop()).toBe(0);
  });

  test("in a timer of a module that was reloaded is no fault of the new one", async () => {
    const polls = plugin("Polls", `get = get("/polls", () => 1);`);
    const files = {
      "plugins/polls.ts": `setInterval(() => { throw new Error("old poll"); }, 100); ${polls}`,
    };
    const folder = await makeFolder(files);
    const app = nexus("start", folder);
    const url = await app.url();
    await writeFiles(folder, { "plugins/polls.ts": polls });
    // It fails again and again until then.
    await until(async () => (await run(folder, ["plugin", "reload", "polls"])).code === 0);
    const told = () => app.stderr().split("old poll").length;
    const before = told();
    await until(() => told() > before + 8);
    expect(await status(`${url}/polls`)).toBe(200);
    expect(await app.stop()).toBe(0);
  });

  test("of one that has failed already is told, too", async () => {
    const twice = plugin(
      "Twice",
      `get = get("/twice", () => {
         setTimeout(() => { throw new Error("first"); }, 1);
         setTimeout(() => { throw new Error("second"); }, 100);
         return 1;
       });`,
    );
    const app = nexus("start", await makeFolder({ "plugins/twice.ts": twice }));
    expect(await status(`${await app.url()}/twice`)).toBe(200);
    await until(() => app.stderr().includes("second"));
    expect(app.logged()).toContainEqual(
      expect.objectContaining({
        level: 50,
        plugin: "twice",
        msg: "Another error that nobody caught, in what has failed already",
      }),
    );
    expect(await app.stop()).toBe(0);
  });

  test("of the app's middleware is nobody's, though a plugin answers the request", async () => {
    const config = `import { middleware } from "nexus-platform/middleware";
      export default { middleware: [middleware((request, next) => {
        const fail = () => { throw new Error("the app's own"); };
        if (request.headers.get("x-fail")) setImmediate(fail);
        return next(request);
      })] };`;
    const slow = plugin(
      "Slow",
      `get = get("/slow", () => new Promise((done) => setTimeout(() => done("finished"), 500)));`,
    );
    const files = { "nexus.config.ts": config, "plugins/bad.ts": bad, "plugins/slow.ts": slow };
    const app = nexus("start", await makeFolder(files));
    const url = await app.url();
    // What the plugin itself begins in such a request stays its own.
    expect(await status(`${url}/bad/timer`)).toBe(200);
    await until(async () => (await status(`${url}/bad`)) === 503);
    const headers = { "x-fail": "1" };
    const answer = await fetch(`${url}/slow`, { headers });
    expect([answer.status, await answer.text()]).toEqual([200, `"finished"`]);
    expect(await app.code).toBe(1);
    const fatal = app.logged().filter(({ level }) => level === 60);
    expect(fatal).toMatchObject([{ err: { message: "the app's own" } }]);
    expect(hasFailed(app, "slow")).toBe(false);
  });

  test("of a service is its plugin's, whoever has called it", async () => {
    const names = plugin(
      "Names",
      `static services = [NamesService]; get = get("/names", () => 1);`,
      `export class NamesService extends Service {
         all() { setTimeout(() => { throw new Error("no names"); }, 1); return []; }
         one(id) { throw new Error("No name " + id); }
       }`,
    );
    const calls = plugin(
      "Calls",
      `names = inject(NamesService);
       all = get("/calls", () => this.names.all());
       one = get("/calls/one", () => { setTimeout(() => this.names.one(1), 1); return 1; });`,
      `import { NamesService } from "./names.ts";`,
    );
    const files = { "plugins/names.ts": names, "plugins/calls.ts": calls };
    const app = nexus("start", await makeFolder(files));
    const url = await app.url();
    expect(await status(`${url}/calls/one`)).toBe(200);
    await until(() => hasFailed(app, "calls"));
    expect(await status(`${url}/names`)).toBe(200);
    // Another one begins while it is called: its code is its own.
    await until(async () => (await status(`${url}/calls`)) === 200);
    await until(() => hasFailed(app, "names"));
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
