import { expect, test } from "vitest";
import { z } from "zod";
import { BackgroundTasks } from "./background.ts";
import { contextKey, setRequestContext } from "./context.ts";
import { dependency } from "./dependency.ts";
import { HTTPException } from "./exceptions.ts";
import { get } from "./http/index.ts";
import { Plugin } from "./plugin/index.ts";
import { Service } from "./services.ts";
import { TestClient } from "./testing/index.ts";

test("what a dependency needs is made before it, in the order of names (D1)", async () => {
  const seen: string[] = [];
  const base = dependency(() => seen.push("base"));
  const first = dependency({ use: { base } }, () => seen.push("first"));
  const second = dependency({ use: { base } }, async () => seen.push("second"));
  class Ordered extends Plugin {
    show = get("/", { use: { first, second } }, () => seen.push("handler"));
  }
  await using client = await TestClient.of(Ordered);
  await client.get("/");
  expect(seen).toEqual(["base", "first", "second", "handler"]);
});

test("a dependency is made once a request, whoever asks, and anew for the next one (D2)", async () => {
  let made = 0;
  const counter = dependency(() => ++made);
  const a = dependency({ use: { counter } }, ({ counter }) => counter);
  const b = dependency({ use: { counter } }, ({ counter }) => counter);
  class Counting extends Plugin {
    show = get("/", { use: { a, b, counter } }, ({ a, b, counter }) => [a, b, counter]);
  }
  await using client = await TestClient.of(Counting);
  expect(await (await client.get("/")).json()).toEqual([1, 1, 1]);
  expect(await (await client.get("/")).json()).toEqual([2, 2, 2]);
});

test("a dependency's own inputs are read and checked with the route's (D3)", async () => {
  const paging = dependency(
    { query: { page: z.int().min(1).default(1) }, headers: { x_tenant: z.string() } },
    ({ page, x_tenant }) => `${x_tenant} ${page}`,
  );
  const item = dependency({ path: { id: z.int() } }, ({ id }) => id + 1);
  class Listing extends Plugin {
    show = get(
      "/{id}",
      { query: { q: z.int() }, use: { paging, item } },
      ({ id, q, paging, item }) => [id, q, paging, item],
    );
  }
  await using client = await TestClient.of(Listing);
  const headers = { "x-tenant": "red" };
  const fits = await client.get("/7?q=1&page=2", { headers });
  expect(await fits.json()).toEqual(["7", 1, "red 2", 8]);
  const wrong = await client.get("/x?q=x&page=0");
  expect(await wrong.json()).toMatchObject({
    errors: [
      { loc: ["query", "page"], type: "greater_than_equal" },
      { loc: ["header", "x-tenant"], type: "missing" },
      { loc: ["path", "id"], type: "int_parsing" },
      { loc: ["query", "q"], type: "int_parsing" },
    ],
  });
});

test("a dependency may read the whole query with one schema (D3)", async () => {
  const Filter = z.object({ from: z.int(), to: z.int() });
  const filter = dependency({ query: Filter, path: z.object({ id: z.int() }) }, (input) => [
    input.id,
    input.from,
    input.to,
  ]);
  class Filtered extends Plugin {
    show = get("/{id}", { use: { filter } }, ({ filter }) => filter);
  }
  await using client = await TestClient.of(Filtered);
  expect(await (await client.get("/7?from=1&to=2")).json()).toEqual([7, 1, 2]);
});

test("a service, a context key and background tasks are asked for in the same way (D4)", async () => {
  class Clock extends Service {
    now = () => "now";
  }
  const tenant = contextKey<string>("tenant", () => "nobody");
  const visit = dependency({ use: { tenant, clock: Clock } }, ({ tenant, clock }) => {
    setRequestContext("seen", true);
    return `${tenant} ${clock.now()}`;
  });
  class Asking extends Plugin {
    static services = [Clock];
    show = get(
      "/",
      { use: { clock: Clock, tenant, visit, background: BackgroundTasks } },
      ({ clock, tenant, visit, background }) => [
        clock.now(),
        tenant,
        visit,
        background instanceof BackgroundTasks,
      ],
    );
  }
  await using client = await TestClient.of(Asking);
  expect(await (await client.get("/")).json()).toEqual(["now", "nobody", "nobody now", true]);
});

test("a dependency that throws stops the rest and the handler (D5)", async () => {
  const seen: string[] = [];
  const guard = dependency(() => {
    throw new HTTPException(403, "Not you");
  });
  const later = dependency(() => seen.push("later"));
  class Guarded extends Plugin {
    show = get("/", { use: { guard, later } }, () => seen.push("handler"));
  }
  await using client = await TestClient.of(Guarded);
  const response = await client.get("/");
  expect([response.status, await response.json()]).toMatchObject([403, { detail: "Not you" }]);
  expect(seen).toEqual([]);
});

test("a dependency whose own inputs are wrong is skipped, and so is what needs it (D11)", async () => {
  const seen: string[] = [];
  const page = dependency({ query: { page: z.int() } }, ({ page }) => seen.push(`page ${page}`));
  const needy = dependency({ use: { page } }, () => seen.push("needy"));
  const other = dependency(() => seen.push("other"));
  class Skipping extends Plugin {
    show = get("/", { use: { needy, page, other } }, () => seen.push("handler"));
  }
  await using client = await TestClient.of(Skipping);
  expect((await client.get("/?page=x")).status).toBe(422);
  expect(seen).toEqual(["other"]);
});

test("a thousand requests at once do not see each other's values", async () => {
  const name = dependency({ query: { name: z.string() } }, async ({ name }) => {
    await new Promise((resolve) => setImmediate(resolve));
    return name;
  });
  class Names extends Plugin {
    show = get("/", { use: { name } }, ({ name }) => name);
  }
  await using client = await TestClient.of(Names);
  const asked = Array.from({ length: 1000 }, async (_, i) =>
    (await client.get(`/?name=${i}`)).json(),
  );
  expect(await Promise.all(asked)).toEqual(Array.from({ length: 1000 }, (_, i) => String(i)));
});
