import { expect, test } from "vitest";
import { audited } from "../../test/admin-client.ts";
import { administrated, refused } from "../../test/plugin-admin.ts";

test("settings are read covered, changed, and stay what they are where they go back covered", async () => {
  await using app = await administrated({ config: { notes: { retries: 2 } } });
  const before = 'import { z } from "zod"; import { secret } from "nexus-platform/config";';
  const members = `static config = z.object({
      retries: z.int().max(9).default(3), key: secret(z.string().default("none")) });
    set = get("/set", () => this.config);`;
  await app.install({ before, members });
  const set = async () => (await app.client.get("/set")).json();
  expect(await app.ask("GET", "/notes/config")).toMatchObject([
    200,
    {
      values: { retries: 2, key: "********" },
      stored: {},
      schema: { properties: { retries: { maximum: 9 } } },
      sources: { retries: "file", key: "default" },
    },
  ]);
  expect(await app.ask("PUT", "/notes/config", { retries: 5, key: "hunter2" })).toMatchObject([
    200,
    { state: "started", previous: {} },
  ]);
  expect(await set()).toEqual({ retries: 5, key: "hunter2" });
  const [, { stored }] = (await app.ask("GET", "/notes/config")) as [number, { stored: object }];
  expect(stored).toEqual({ retries: 5, key: "********" });
  await app.ask("PUT", "/notes/config", { ...stored, retries: 6 });
  expect(await set()).toEqual({ retries: 6, key: "hunter2" });
  expect(await app.ask("PUT", "/notes/config", { retries: 10 })).toEqual(
    refused(422, "NX_CONFIG", /retries: Too big/),
  );
  expect((await app.ask("PUT", "/notes/config", []))[0]).toBe(422);
  expect(await set()).toEqual({ retries: 6, key: "hunter2" });
  const rows = await audited(app.client);
  expect(JSON.stringify(rows)).not.toContain("hunter2");
  expect(rows.at(-1)).toMatchObject({ result: "failure", details: { names: ["retries"] } });
});
