import { emit, event, get, inject, on, Plugin, post, Service } from "nexus-platform";
import { createApp } from "nexus-platform/app";
import { Database } from "nexus-platform/database";
import { expect, test } from "vitest";
import { z } from "zod";

const added = event("apps-test.added", z.object({ name: z.string() }));

class Names extends Service {
  list: string[] = [];
}

class Guests extends Plugin {
  static override services = [Names];
  static override config = z.object({ greeting: z.string().default("Hello") });
  declare config: z.output<typeof Guests.config>;
  static override migrations = {
    "0001_guests": {
      expand: (db: any) => db.schema.createTable("guests").addColumn("name", "text").execute(),
    },
  };

  names = inject(Names);
  db = inject(Database<{ guests: { name: string } }>);
  heard = on(added, ({ data }) => void this.names.list.push(data.name));

  add = post("/guests/{name}", async ({ name }) => {
    await this.db.insertInto("guests").values({ name }).execute();
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
    await emit(added, { name });
    return `${this.config.greeting} ${name}`;
  });

  list = get("/guests", async () => ({
    heard: this.names.list,
    kept: (await this.db.selectFrom("guests").select("name").execute()).map(({ name }) => name),
  }));
}

const start = (greeting: string) =>
  createApp({
    plugins: [Guests],
    docs: false,
    config: { guests: { greeting } },
    env: { NEXUS_LOG: "silent", DATABASE_URL: "sqlite::memory:" },
  });

test("two apps of one plugin, interleaved, share nothing", async () => {
  await using first = await start("Hello");
  await using second = await start("Grüezi");
  const ask = async (app: typeof first, method: string, path: string) =>
    (await app.fetch(new Request(`http://test${path}`, { method }))).json();
  const names = Array.from({ length: 50 }, (_, at) => `n${at}`);
  const greetings = await Promise.all(
    names.flatMap((name) => [
      ask(first, "POST", `/guests/${name}`),
      ask(second, "POST", `/guests/${name}-2`),
    ]),
  );
  expect(greetings.slice(0, 4)).toEqual(["Hello n0", "Grüezi n0-2", "Hello n1", "Grüezi n1-2"]);
  const [one, two] = (await Promise.all([
    ask(first, "GET", "/guests"),
    ask(second, "GET", "/guests"),
  ])) as { heard: string[]; kept: string[] }[];
  for (const found of [one!.heard, one!.kept]) expect(found.toSorted()).toEqual(names.toSorted());
  for (const found of [two!.heard, two!.kept])
    expect(found.toSorted()).toEqual(names.map((name) => `${name}-2`).toSorted());
});

test("closing one app leaves the other as it is", async () => {
  const first = await start("Hello");
  await using second = await start("Hallo");
  await first.close();
  const request = (app: typeof first) =>
    app.fetch(new Request("http://test/guests/ann", { method: "POST" }));
  expect(await (await request(second)).json()).toBe("Hallo ann");
  expect((await request(first)).status).toBe(404);
});

test("one app may be asked from within the other", async () => {
  await using inner = await start("Inner");
  class Gate extends Plugin {
    through = get("/through", async () => {
      const response = await inner.fetch(new Request("http://test/guests/bob", { method: "POST" }));
      return response.json();
    });
  }
  await using outer = await createApp({
    plugins: [Gate],
    docs: false,
    env: { NEXUS_LOG: "silent" },
  });
  const response = await outer.fetch(new Request("http://test/through"));
  expect(await response.json()).toBe("Inner bob");
});
