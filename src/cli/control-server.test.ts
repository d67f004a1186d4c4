import { chmodSync, existsSync, mkdirSync, statSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { cleanUp, makeFolder, nexus, plugin, run, until } from "../../test/nexus-process.ts";
import { newFolder } from "../../test/npm-packages.ts";
import {
  checkControlFolder,
  controlPlace,
  isAnswered,
  makeControlFolder,
} from "./control-place.ts";

// Each server is a process.
vi.setConfig({ testTimeout: 30_000 });
afterAll(cleanUp);

const config = (settings: object) =>
  `export default { accounts: false, settings: ${JSON.stringify(settings)} };`;

/** Asks on a socket. */
function ask(socketPath: string, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path, headers: { host: "localhost" } }, (answer) => {
      answer.resume();
      resolve(answer.statusCode!);
    });
    asked.on("error", reject).end();
  });
}

test("a server answers the command line on a socket of its user's own, until it ends", async () => {
  const folder = await makeFolder({ "plugins/hello.ts": plugin("Hello") });
  const place = join(folder, "data/control.sock");
  const server = nexus("start", folder);
  const url = await server.url();
  const { mode } = statSync(place);
  expect(mode & 0o777).toBe(0o600);
  expect(await ask(place, "/api/v1/plugins")).toBe(200);
  // It is another door than the one of the network.
  expect(await ask(place, "/health/live")).toBe(404);
  expect((await fetch(`${url}/api/v1/plugins`)).status).toBe(401);
  expect((await run(folder, ["plugin", "list"])).stdout).toMatch(/^hello +0\.0\.0 +started/m);
  expect([await server.stop(), existsSync(place)]).toEqual([0, false]);
});

test("what a killed server has left is no obstacle", async () => {
  const folder = await makeFolder({ "nexus.config.ts": config({}) });
  const place = join(folder, "data/control.sock");
  const killed = nexus("start", folder);
  await killed.url();
  killed.child.kill("SIGKILL");
  await killed.code;
  expect([existsSync(place), await isAnswered(place)]).toEqual([true, false]);
  const server = nexus("start", folder);
  await server.url();
  expect(await ask(place, "/api/v1/plugins")).toBe(200);
  expect(server.logged().filter(({ code }) => code === "NX_CONTROL")).toEqual([]);
});

test("of two servers on one data folder the first one keeps the socket, and the other says so", async () => {
  const folder = await makeFolder({ "nexus.config.ts": config({}) });
  const place = join(folder, "data/control.sock");
  const first = nexus("start", folder);
  await first.url();
  const second = nexus("start", folder);
  const url = await second.url();
  expect((await fetch(`${url}/health/live`)).status).toBe(200);
  expect(second.logged().find(({ code }) => code === "NX_CONTROL")).toMatchObject({
    level: 40,
    msg: expect.stringContaining("Another server runs on this data folder"),
  });
  expect(await second.stop()).toBe(0);
  expect(await ask(place, "/api/v1/plugins")).toBe(200);
  expect(await first.stop()).toBe(0);
});

test("one who listens to a log hears the end of the server", async () => {
  const folder = await makeFolder({ "plugins/hello.ts": plugin("Hello") });
  const server = nexus("start", folder);
  await server.url();
  const place = join(folder, "data/control.sock");
  const asked = request({ socketPath: place, path: "/api/v1/plugins/hello/logs" }).end();
  const ended = new Promise<boolean>((resolve) =>
    asked.on("response", (answer) => {
      // A connection that stayed would keep the server from its end.
      expect(answer.headers.connection).toBe("close");
      answer.resume();
      answer.on("end", () => resolve(answer.complete));
      void server.stop();
    }),
  );
  expect([await ended, await server.code]).toEqual([true, 0]);
});

test("where the data folder has too long a path, the socket is in a folder for temporary files", async () => {
  const folder = await makeFolder({
    "nexus.config.ts": config({ dataDir: `./${"long/".repeat(20)}data` }),
  });
  const place = controlPlace(join(folder, "long/".repeat(20), "data"));
  expect(place.slice(tmpdir().length)).toMatch(/^\/nexus-\d+\/[0-9a-f]{24}\.sock$/);
  const server = nexus("start", folder);
  await server.url();
  expect(statSync(place).mode & 0o777).toBe(0o600);
  expect((await run(folder, ["plugin", "list"])).stderr).toBe("");
  expect([await server.stop(), existsSync(place)]).toEqual([0, false]);
});

test("a folder for temporary files in which others may put a socket is not believed", async () => {
  const before = process.env["TMPDIR"];
  const tmp = await newFolder();
  process.env["TMPDIR"] = tmp;
  try {
    const place = controlPlace(`/${"long/".repeat(30)}`);
    // None is there yet, and nobody can have put anything there.
    checkControlFolder(place);
    makeControlFolder(place);
    const folder = join(tmp, `nexus-${process.getuid!()}`);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    checkControlFolder(place);
    chmodSync(folder, 0o750);
    const refusal = /^.*nexus-\d+ is not a folder of this user alone\. Remove it, or/;
    expect(() => checkControlFolder(place)).toThrow(refusal);
    expect(() => makeControlFolder(place)).toThrow(refusal);
  } finally {
    if (before === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = before;
  }
  // The data folder is its owner's business.
  const data = join(tmp, "data");
  mkdirSync(data, { mode: 0o755 });
  makeControlFolder(controlPlace(data));
});

test("a server without a socket serves all the same, and its log says why", async () => {
  const folder = await makeFolder({ "nexus.config.ts": config({}) });
  // A folder is in the way.
  mkdirSync(join(folder, "data/control.sock/taken"), { recursive: true });
  const server = nexus("start", folder);
  const url = await server.url();
  expect((await fetch(`${url}/health/live`)).status).toBe(200);
  await until(() => server.logged().some(({ code }) => code === "NX_CONTROL"));
  expect(server.logged().find(({ code }) => code === "NX_CONTROL")).toMatchObject({
    msg: expect.stringMatching(/^The command line cannot reach this server: /),
  });
  expect(await server.stop()).toBe(0);
});
