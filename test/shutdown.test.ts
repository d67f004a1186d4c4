import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import { cleanUp, makeFolder, nexus, plugin, type Running, until } from "./nexus-process.ts";

afterAll(cleanUp);

const slow = plugin(
  "Slow",
  `static services = [Store];
   store = inject(Store);
   slow = get("/slow/{ms:int}", { use: { background: BackgroundTasks } }, async ({ ms, background }) => {
     this.log.info("begun");
     background.add(async () => { await sleep(150); this.log.info("background work done"); });
     await sleep(ms);
     return "finished";
   });
   stream = get("/stream", () => new StreamingResponse(this.ticks()));
   async *ticks() {
     try { for (let tick = 0; ; tick++) { yield tick + " "; await sleep(20); } }
     finally { this.log.info("stream ended"); }
   }
   start() { this.defer(() => this.log.info("undone")); }
   stop() { this.log.info("slow stopped"); }`,
  `import { BackgroundTasks, StreamingResponse } from "nexus-platform";
   import { setTimeout as sleep } from "node:timers/promises";
   class Base extends Service { stop() { console.error('{"msg":"base stopped"}'); } }
   class Store extends Service { base = inject(Base); async stop() { await sleep(20); console.error('{"msg":"store stopped"}'); } }`,
).replace("services = [Store]", "services = [Store, Base]");
const letters = plugin(
  "Letters",
  `send = get("/letters", { use: { background: BackgroundTasks } }, ({ background }) => {
     background.add(() => this.log.info("first letter sent"));
     background.add("stuck letter", () => new Promise(() => {}));
     background.add(() => this.log.info("third letter sent"));
     return "queued";
   });`,
  `import { BackgroundTasks } from "nexus-platform";`,
);
const later = plugin("Zoo", `stop() { this.log.info("zoo stopped"); }`);
const files = { "plugins/slow.ts": slow, "plugins/zoo.ts": later };

const said = (app: Running): unknown[] => app.logged().map(({ msg }) => msg);

describe.concurrent("SIGTERM", { timeout: 30_000 }, () => {
  test("finishes what runs and the work behind it, refuses new connections, stops in reverse", async () => {
    const app = nexus("start", await makeFolder(files));
    const url = await app.url();
    const answer = fetch(`${url}/slow/500`);
    await until(() => app.stderr().includes("begun"));
    const code = app.stop();
    await sleep(100);
    await expect(fetch(`${url}/health/live`)).rejects.toThrow();
    const response = await answer;
    expect([response.status, await response.json()]).toEqual([200, "finished"]);
    expect(response.headers.get("connection")).toBe("close");
    expect(await code).toBe(0);
    expect(said(app)).toEqual([
      "begun",
      "background work done",
      "Background work done",
      "zoo stopped",
      "undone",
      "slow stopped",
      "store stopped",
      "base stopped",
    ]);
  });

  test("cuts what takes longer than NEXUS_SHUTDOWN_TIMEOUT, and still ends with 0", async () => {
    const app = nexus("start", await makeFolder(files), { NEXUS_SHUTDOWN_TIMEOUT: "2" });
    const url = await app.url();
    const cut = Promise.all([
      fetch(`${url}/slow/60000`).catch(() => "cut"),
      fetch(`${url}/stream`).then((response) => response.text().catch(() => "cut")),
    ]);
    await until(() => app.stderr().includes("begun"));
    const begun = performance.now();
    expect(await app.stop()).toBe(0);
    expect(performance.now() - begun).toBeGreaterThan(1900);
    // One deadline for all of it, not one a step.
    expect(performance.now() - begun).toBeLessThan(3900);
    expect(await cut).toEqual(["cut", "cut"]);
    expect(said(app)).toEqual(expect.arrayContaining(["stream ended", "slow stopped"]));
  });

  test("counts the background work that the deadline cuts off, with its request", async () => {
    const app = nexus("start", await makeFolder({ "plugins/letters.ts": letters }), {
      NEXUS_SHUTDOWN_TIMEOUT: "1",
    });
    const url = await app.url();
    const headers = { "x-request-id": "req-7" };
    expect((await fetch(`${url}/letters`, { headers })).status).toBe(200);
    await until(() => app.stderr().includes("first letter sent"));
    expect(await app.stop()).toBe(0);
    expect(app.logged().find(({ level }) => level === 50)).toMatchObject({
      msg: "Background work was given up: the app has ended",
      request_id: "req-7",
      plugin: "letters",
      pieces: 2,
      begun: 2,
      names: ["stuck letter"],
    });
  });

  test("does not wait for connections that ask nothing, or only begin to", async () => {
    const app = nexus("start", await makeFolder());
    const { port } = new URL(await app.url());
    const [silent, half] = [connect(Number(port)), connect(Number(port))];
    await Promise.all([once(silent, "connect"), once(half, "connect")]);
    half.write("GET /x HTTP/1.1\r\nHost: a\r\n");
    await sleep(100);
    const ends = Promise.all([once(silent, "close"), once(half, "close")]);
    silent.on("error", () => {});
    half.on("error", () => {});
    const begun = performance.now();
    expect(await app.stop()).toBe(0);
    expect(performance.now() - begun).toBeLessThan(10_000);
    await ends;
  });

  test("logs what does not stop, and ends all the same", async () => {
    const app = nexus(
      "start",
      await makeFolder({
        "plugins/bad.ts": plugin("Bad", `stop() { throw new Error("stuck lid"); }`),
        "plugins/good.ts": plugin("Good", `stop() { this.log.info("good stopped"); }`),
      }),
    );
    await app.url();
    expect(await app.stop()).toBe(0);
    expect(said(app)).toEqual(["good stopped", "A plugin did not stop cleanly"]);
  });

  test("twice in one go is once: npm and the terminal both pass it on", async () => {
    const app = nexus("start", await makeFolder(files));
    const slow = fetch(`${await app.url()}/slow/500`);
    await until(() => app.stderr().includes("begun"));
    app.child.kill("SIGTERM");
    app.child.kill("SIGINT");
    app.child.kill("SIGTERM");
    expect((await slow).status).toBe(200);
    expect(await app.code).toBe(0);
  });

  for (const signal of ["SIGINT", "SIGTERM"] as const)
    test(`by ${signal}, and again a while later, ends at once`, async () => {
      const app = nexus("start", await makeFolder(files));
      void fetch(`${await app.url()}/slow/60000`).catch(() => {});
      await until(() => app.stderr().includes("begun"));
      app.child.kill(signal);
      await sleep(1200);
      app.child.kill(signal);
      expect(await app.code).toBe(1);
    });

  test("SIGINT is the same", async () => {
    const app = nexus("start", await makeFolder(files));
    await app.url();
    app.child.kill("SIGINT");
    expect(await app.code).toBe(0);
    expect(said(app)).toContain("zoo stopped");
  });
});
