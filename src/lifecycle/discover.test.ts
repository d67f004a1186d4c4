import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { ask, closeApps, living } from "../../test/lifecycle.ts";

afterEach(closeApps);

const source = (name: string, members = "") => `import { get, Plugin } from "nexus-platform";
export default class extends Plugin { which = get("/${name}", () => "${name}"); ${members} }`;

/** An app with an author's folder, into which files are put. */
async function authors() {
  const one = await living();
  const authors = join(one.folder, "authors");
  await mkdir(authors, { recursive: true });
  const put = (name: string, text: string) => writeFile(join(authors, name), text);
  const take = (name: string) => rm(join(authors, name), { recursive: true });
  const states = async () =>
    Object.fromEntries((await one.plugins.list()).map(({ name, state }) => [name, state]));
  return { ...one, put, take, states };
}

test("of what is new each starts that can; what cannot is listed with its reason, and all are told", async () => {
  const { app, plugins, put, take, states } = await authors();
  await put("gone.ts", source("gone"));
  expect(await plugins.discover()).toEqual(["gone"]);
  await take("gone.ts");
  await put("a-broken.ts", "what is this");
  await put("b-good.ts", source("b-good"));
  await put("c-fails.ts", source("c-fails", `start() { throw new Error("no disk"); }`));
  await put("d-good.ts", source("d-good"));
  await expect(plugins.discover()).rejects.toMatchObject({
    code: "NX_DISCOVER",
    message: expect.stringMatching(
      /b-good, d-good came into force; these did not:\n {2}- a-broken: .*could not be loaded[^]*\n {2}- c-fails: .*no disk$/,
    ),
  });
  expect(await states()).toEqual({
    "a-broken": "failed",
    "b-good": "started",
    "c-fails": "failed",
    "d-good": "started",
  });
  expect(await ask(app, "/d-good")).toEqual([200, "d-good"]);
  expect([(await ask(app, "/gone"))[0], (await ask(app, "/c-fails"))[0]]).toEqual([404, 503]);
  // It is tried again by itself, and all that have failed by the next discovery.
  expect((await plugins.info("c-fails")).retry_at).toBeInstanceOf(Date);
  await put("a-broken.ts", source("a-broken"));
  await expect(plugins.discover()).rejects.toMatchObject({
    code: "NX_DISCOVER",
    message: expect.stringMatching(/a-broken came into force; these did not:\n {2}- c-fails: /),
  });
  expect(await ask(app, "/a-broken")).toEqual([200, "a-broken"]);
});

test("one that is broken and goes is forgotten; one alone that is wrong says so itself", async () => {
  const { plugins, put, take, states } = await authors();
  await put("broken.ts", "what is this");
  await expect(plugins.discover()).rejects.toMatchObject({ code: "NX_LOAD" });
  await expect(plugins.discover()).rejects.toMatchObject({ code: "NX_LOAD" });
  expect(await states()).toEqual({ broken: "failed" });
  await take("broken.ts");
  expect(await plugins.discover()).toEqual([]);
  expect(await states()).toEqual({});
});

test("one that has failed before its start is looked at again, and starts when it is mended", async () => {
  const { app, folder, plugins, states } = await authors();
  const place = join(folder, "authors", "needs");
  await mkdir(place);
  await writeFile(join(place, "index.ts"), source("needs"));
  const say = (needs: object) =>
    writeFile(
      join(place, "package.json"),
      JSON.stringify({ name: "needs", version: "1.0.0", type: "module", nexus: needs }),
    );
  await say({ plugins: { absent: "*" } });
  await expect(plugins.discover()).rejects.toMatchObject({ step: "check" });
  await expect(plugins.discover()).rejects.toMatchObject({ step: "check" });
  await say({});
  expect([await plugins.discover(), await states()]).toEqual([["needs"], { needs: "started" }]);
  expect(await ask(app, "/needs")).toEqual([200, "needs"]);
});

test("the routes of what is gone are forgotten, by the discovery or by the next start", async () => {
  const { app, folder, plugins, put, take } = await authors();
  const routes = async () => {
    const text = await readFile(join(folder, "plugins/routes.json"), "utf8");
    return Object.keys(JSON.parse(text) as object);
  };
  for (const name of ["one", "two", "three"]) await put(`${name}.ts`, source(name));
  await plugins.discover();
  await expect.poll(routes).toEqual(["one", "three", "two"]);
  await take("one.ts");
  await plugins.discover();
  await expect.poll(routes).toEqual(["three", "two"]);
  await app.close();
  await take("two.ts");
  const next = await living(folder);
  await next.app.close();
  expect(await routes()).toEqual(["three"]);
});

test("discovered twice at once, each plugin starts once", async () => {
  const { plugins, put } = await authors();
  await put("good.ts", source("good"));
  expect(await Promise.all([plugins.discover(), plugins.discover()])).toEqual([["good"], []]);
});
