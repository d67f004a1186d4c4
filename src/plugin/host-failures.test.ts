import { afterEach, expect, test, vi } from "vitest";
import { ask, closeApp, failure, source, start, states } from "../../test/tolerant-app.ts";
import { eventsKey, on } from "../events/index.ts";
import { get } from "../http/index.ts";
import { inject, Service } from "../services.ts";
import { Plugin } from "./index.ts";

afterEach(closeApp);

const empty = () => class extends Plugin {};

test("a manifest's ring fails those on it, and those that need them", async () => {
  await start([
    source(empty(), { name: "a", plugins: { b: "*" } }),
    source(empty(), { name: "b", plugins: { a: "*" } }),
    source(empty(), { name: "c", plugins: { a: "*" } }),
    source(empty(), { name: "d" }),
  ]);
  expect(states()).toEqual({ a: "failed", b: "failed", c: "failed", d: "started" });
  expect(failure("c")?.reason).toMatch(/It needs the plugin "a", which failed: Plugins need/);
});

test("a plugin or platform version that is not there is told, all at once", async () => {
  await start([
    source(class extends Plugin {}, {
      name: "notes",
      platform: "^9.0.0",
      plugins: { auth: "^2.0.0", mail: "*" },
    }),
    source(class extends Plugin {}, { name: "auth", version: "1.4.1" }),
  ]);
  expect(failure("notes")?.reason).toMatch(
    /The plugin "notes" cannot start: it works with nexus-platform \^9\.0\.0, and this is [\d.]+; it needs the plugin "auth" \^2\.0\.0, found 1\.4\.1; it needs the plugin "mail" \*, and there is none\. Install/,
  );
});

test("a plugin whose start never ends fails, and so does one whose service's does; the others start", async () => {
  class Endless extends Service {
    override start = () => new Promise<void>(() => {});
  }
  class Waits extends Plugin {
    start = () => new Promise<void>(() => {});
  }
  class Serves extends Plugin {
    static services = [Endless];
  }
  const options = { startTimeout: 0.05 };
  await start([Waits, Serves, source(empty(), { name: "late" })], options);
  expect(states()).toEqual({ waits: "failed", serves: "failed", late: "started" });
  expect(failure("waits")).toMatchObject({
    step: "start",
    error: expect.objectContaining({ code: "NX_PLUGIN_HANGS" }),
    reason: expect.stringMatching(/^Its start\(\) has not ended after 0\.05 s\./),
  });
  expect(failure("serves")?.reason).toMatch(/^The start of its services has not ended/);
});

test("a patience that no timer has is refused", async () => {
  for (const startTimeout of [0, -1, NaN, Infinity, 3e6])
    await expect(start([], { startTimeout })).rejects.toMatchObject({ code: "NX_TIMEOUT" });
});

test("settings for plugins that are not there are warnings, which say what was probably meant", async () => {
  const { lines } = await start(
    [source(empty(), { name: "notes" }), source(empty(), { name: "shop" })],
    {
      config: { nots: { keep: 1 }, shop: {}, zebra: {} },
      env: { NEXUS_SHPO__KEY: "secret value", NEXUS_SECRET__X: "y", NEXUS_LOG: "info" },
    },
  );
  const known = "there is no such plugin. Known are notes, shop.";
  expect(lines).toMatchObject([
    {
      level: 40,
      msg: 'The config file has settings for "nots", but there is no such plugin. Did you mean notes?',
    },
    { level: 40, msg: `The config file has settings for "zebra", but ${known}` },
    {
      level: 40,
      msg: "NEXUS_SHPO__KEY is set, but there is no such plugin. Did you mean NEXUS_SHOP__?",
    },
    {
      level: 40,
      msg: "NEXUS_SECRET__X is set, but there is no such plugin. Known are NEXUS_NOTES__, NEXUS_SHOP__.",
    },
  ]);
});

test("who needs a plugin that could not be loaded hears that, not that there is none", async () => {
  await start([source(class extends Plugin {}, { name: "notes", plugins: { auth: "^1.0.0" } })], {
    broken: [{ name: "auth", folder: "/plugins/auth", reason: new Error("Unexpected token") }],
  });
  expect(failure("notes")?.reason).toBe(
    'It needs the plugin "auth", which failed: Unexpected token',
  );
});

test("of two plugins with one name the second one fails, naming both places", async () => {
  class First extends Plugin {
    static prefix = "/first";
    here = get("/here", () => 1);
  }
  await start(
    [
      { ...source(First, { name: "notes" }), folder: "/app/plugins/notes" },
      { ...source(class extends Plugin {}, { name: "notes" }), folder: "/app/plugins/other" },
    ],
    { broken: [{ name: "notes", folder: "/app/plugins/notes.ts", reason: "no" }] },
  );
  expect(states()).toEqual({
    notes: "started",
    "notes (other)": "failed",
    "notes (notes.ts)": "failed",
  });
  expect(failure("notes (other)")?.reason).toContain(
    'Two plugins are called "notes": /app/plugins/notes and /app/plugins/other. Give one',
  );
  expect(await ask("/first/here")).toEqual([200, 1]);
});

test("a plugin whose route is taken fails, both places named; the one that has it serves", async () => {
  class First extends Plugin {
    things = get("/things/{id}", () => "first");
  }
  class Second extends Plugin {
    own = get("/own", () => "own");
    things = get("/things/{name}", () => "second");
  }
  await start([First, Second]);
  expect(failure("second")?.reason).toMatch(
    /GET \/things\/\{id\} \(.*host-failures\.test\.ts:\d+\) and GET \/things\/\{name\} \(.*host-failures\.test\.ts:\d+\)/,
  );
  expect(await ask("/things/1")).toEqual([200, "first"]);
  expect((await ask("/own"))[0]).toBe(404);
});

test("a plugin that fails while it starts leaves nothing behind", async () => {
  const left: string[] = [];
  const errors = vi.fn();
  class Store extends Service {
    override stop = () => void left.push("service stopped");
  }
  class Half extends Plugin {
    static services = [Store];
    store = inject(Store);
    here = get("/half", () => 1);
    heard = on("**", () => void left.push("heard"));
    fast = this.every(5, () => left.push("timer"));
    undone = this.defer(() => left.push("undone"));
    start(): void {
      this.signal.addEventListener("abort", () => left.push("signal"));
      throw new Error("no disk");
    }
  }
  process.on("unhandledRejection", errors);
  const { app } = await start([Half]);
  expect(failure("half")).toMatchObject({ step: "start", reason: "no disk" });
  expect(left.splice(0)).toEqual(["signal", "service stopped", "undone"]);
  expect((await ask("/half"))[0]).toBe(503);
  await app.run(() => app.scope.get(eventsKey).publish("anything", {}));
  await new Promise((resolve) => setTimeout(resolve, 25));
  expect(left).toEqual([]);
  process.off("unhandledRejection", errors);
  expect(errors).not.toHaveBeenCalled();
});

test("a plugin whose constructor throws fails with those who inject its services", async () => {
  const left: string[] = [];
  class Users extends Service {}
  class Accounts extends Plugin {
    static services = [Users];
    timer = this.every(5, () => left.push("timer"));
    undone = this.defer(() => left.push("undone"));
    constructor() {
      super();
      throw new Error("no users");
    }
  }
  class Shop extends Plugin {
    users = inject(Users);
  }
  // Whoever asks first, the reasons are the same.
  for (const plugins of [
    [Shop, Accounts],
    [Accounts, Shop],
  ]) {
    await start(plugins);
    expect(failure("accounts")).toMatchObject({ step: "make", reason: "no users" });
    expect(failure("shop")?.reason).toBe('It needs the plugin "accounts", which failed: no users');
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(left.splice(0)).toEqual(["undone"]);
    await closeApp();
  }
});

test("in code, a failing plugin is thrown: the one at the root of it", async () => {
  class Users extends Service {}
  class Accounts extends Plugin {
    static services = [Users];
    start = () => Promise.reject(new Error("no users"));
  }
  class Shop extends Plugin {
    users = inject(Users);
  }
  await expect(start([Shop, Accounts], { tolerant: false })).rejects.toThrow(/^no users$/);
});

test("what has started is stopped when the app cannot start", async () => {
  const order: string[] = [];
  class Good extends Plugin {
    start = () => void order.push("+good");
    stop = () => void order.push("-good");
    undone = this.defer(() => order.push("undone"));
  }
  class Bad extends Plugin {
    start = () => Promise.reject(new Error("bad"));
  }
  await expect(start([Good, Bad], { tolerant: false })).rejects.toThrow("bad");
  expect(order).toEqual(["+good", "-good", "undone"]);
});

test("a plugin that fails is logged with its name and step", async () => {
  class Bad extends Plugin {
    start = () => Promise.reject(new Error("no disk"));
  }
  const { lines } = await start([Bad]);
  expect(lines).toContainEqual(
    expect.objectContaining({
      level: 50,
      plugin: "bad",
      step: "start",
      err: expect.objectContaining({ message: "no disk" }),
    }),
  );
});
