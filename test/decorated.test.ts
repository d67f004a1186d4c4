import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { cleanUp, makeFolder, nexus } from "./nexus-process.ts";

afterAll(cleanUp);

/** What is translated has other lines: the interface leaves, the decorators take more of them. */
const shop = (...routes: string[]): string => `import { get, Plugin } from "nexus-platform";

interface Erased { a: string; b: string }

export default class Shop extends Plugin {
  fail(): never { throw new RangeError("out of range"); }

${routes.join("\n")}
}
`;
const item = '  @get("/fail")\n  async item(): Promise<Erased> { return this.fail(); }';
const pair = ['  @get("/a/{id}")\n  one() {}', '  @get("/a/{name}")\n  other() {}'];

test("what goes wrong in a decorated plugin is told by the lines of its source", async () => {
  const folder = await makeFolder({
    "plugins/shop.ts": shop(item),
    "plugins/rival.ts": shop(...pair),
    "plugins/torn.ts": shop(item, '  @get("/"'),
    "plugins/early.ts": shop(item).replace("\nexport", 'JSON.parse("{");\nexport'),
  });
  const app = nexus("start", folder);
  expect((await fetch(`${await app.url()}/fail`)).status).toBe(500);
  await app.stop();
  const lines = app.logged();
  const file = (name: string) => join(folder, "plugins", name);

  const { err } = lines.find(({ msg }) => msg === "GET /fail failed") as { err: { stack: string } };
  const [, first, second] = err.stack.split("\n");
  expect(first).toContain(`${file("shop.ts")}:6:`);
  expect(second).toContain(`${file("shop.ts")}:9:`);

  const reason = (name: string) => lines.find(({ plugin }) => plugin === name)?.["msg"];
  expect(reason("rival")).toContain(
    `GET /a/{id} (${file("rival.ts")}:8) and GET /a/{name} (${file("rival.ts")}:10)`,
  );
  expect(reason("torn")).toContain(`${file("torn.ts")}:11:`);
  expect(reason("early")).toContain(`See ${file("early.ts")}:4.`);
});
