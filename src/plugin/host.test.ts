import { afterEach, expect, test, vi } from "vitest";
import { type App, type AppOptions, createApp } from "../app/index.ts";
import { eventsKey, on } from "../events/index.ts";
import { get, mount, Routes } from "../http/index.ts";
import { createLog } from "../log.ts";
import { inject, Service } from "../services.ts";
import { type Manifest, Plugin, type PluginClass, type PluginSource } from "./index.ts";

let app: App | undefined;
afterEach(async () => {
  await app?.close();
  app = undefined;
});

test("plugins start in the order of their needs, and stop the other way round", async () => {
  const order: string[] = [];
  const plugin = (name: string) =>
    class extends Plugin {
      start = () => void order.push(`+${name}`);
      stop = () => void order.push(`-${name}`);
    };
  await start([
    source(plugin("c"), { name: "c", plugins: { a: "*", b: "*" } }),
    source(plugin("b"), { name: "b", plugins: { a: "^1.0.0" } }),
    source(plugin("z"), { name: "z" }),
    source(plugin("a"), { name: "a", version: "1.5.0" }),
  ]);
  await app!.close();
  expect(order).toEqual(["+a", "+b", "+c", "+z", "-z", "-c", "-b", "-a"]);
});

test("a plugin that injects another's service starts behind it, services before plugins", async () => {
  const order: string[] = [];
  class Users extends Service {
    override start = () => void order.push("+service");
    override stop = () => void order.push("-service");
  }
  class Accounts extends Plugin {
    static override services = [Users];
    start = () => void order.push("+accounts");
    stop = () => void order.push("-accounts");
  }
  class Shop extends Plugin {
    users = inject(Users);
    start = () => void order.push("+shop");
    stop = () => void order.push("-shop");
  }
  await start([Shop, Accounts]);
  await app!.close();
  expect(order).toEqual(["+service", "+accounts", "+shop", "-shop", "-accounts", "-service"]);
});

test("so does one whose routes alone use the service", async () => {
  const order: string[] = [];
  class Users extends Service {
    names = ["ann"];
  }
  class Accounts extends Plugin {
    static override services = [Users];
    start = () => void order.push("accounts");
  }
  class Shop extends Plugin {
    list = get("/list", { use: { users: Users } }, ({ users }) => users.names);
    start = () => void order.push("shop");
  }
  await start([Shop, Accounts]);
  expect(order).toEqual(["accounts", "shop"]);
  expect(await ask("/list")).toEqual([200, ["ann"]]);
});

test("everybody has one instance of a service", async () => {
  class Users extends Service {}
  const found = new Set<Users>();
  class Accounts extends Plugin {
    static override services = [Users];
    users = found.add(inject(Users));
  }
  class Shop extends Plugin {
    users = found.add(inject(Users));
  }
  class Office extends Plugin {
    users = found.add(inject(Users));
  }
  await start([Shop, Accounts, Office]);
  expect(found.size).toBe(1);
});

test("a class that two plugins list is its own for each, and the first one's for others", async () => {
  class Cache extends Service {}
  const found: Record<string, Cache> = {};
  class First extends Plugin {
    static override services = [Cache];
    cache = (found["first"] = inject(Cache));
  }
  class Second extends Plugin {
    static override services = [Cache];
    cache = (found["second"] = inject(Cache));
  }
  class Third extends Plugin {
    cache = (found["third"] = inject(Cache));
  }
  await start([First, Second, Third]);
  expect(found["second"]).not.toBe(found["first"]);
  expect(found["third"]).toBe(found["first"]);
});

test("a service that nobody lists is said so, with the cure", async () => {
  class Lost extends Service {}
  class Shop extends Plugin {
    lost = inject(Lost);
  }
  class Routed extends Plugin {
    lost = get("/lost", { use: { lost: Lost } }, () => null);
  }
  await start([Shop, Routed]);
  const message =
    'Nothing provides "Lost" in plugin "NAME". List the class in `static services` of the plugin that owns it';
  for (const name of ["shop", "routed"])
    expect(failure(name)).toMatchObject({
      step: "make",
      reason: expect.stringContaining(message.replace("NAME", name)),
    });
});

test("services that inject each other in a ring are named, over plugins too", async () => {
  abstract class Base extends Service {}
  class Left extends Base {
    right = inject(Right);
  }
  class Right extends Base {
    left: unknown = inject(Left);
  }
  class A extends Plugin {
    static override services = [Left];
  }
  class B extends Plugin {
    static override services = [Right];
  }
  await start([A, B]);
  expect(failure("b")?.reason).toContain(
    "Services inject each other in a ring: Left → Right → Left.",
  );
  expect(failure("a")?.reason).toMatch(/It needs the plugin "b", which failed: Services inject/);
});

test("plugins that inject each other's services are a ring; the others start", async () => {
  class Left extends Service {}
  class Right extends Service {}
  class A extends Plugin {
    static override services = [Left];
    other = inject(Right);
  }
  class B extends Plugin {
    static override services = [Right];
    other = inject(Left);
  }
  class C extends Plugin {
    static override prefix = "/c";
    here = get("/here", () => 1);
  }
  await start([A, B, C]);
  for (const name of ["a", "b"])
    expect(failure(name)?.reason).toMatch(
      /Plugins need each other in a ring: (a → b → a|b → a → b)/,
    );
  expect(await ask("/c/here")).toEqual([200, 1]);
});

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
    static override prefix = "/first";
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
    "notes (/app/plugins/other)": "failed",
    "notes (/app/plugins/notes.ts)": "failed",
  });
  expect(failure("notes (/app/plugins/other)")?.reason).toContain(
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
    /GET \/things\/\{id\} \(.*host\.test\.ts:\d+\) and GET \/things\/\{name\} \(.*host\.test\.ts:\d+\)/,
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
    static override services = [Store];
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
  await start([Half]);
  expect(failure("half")).toMatchObject({ step: "start", reason: "no disk" });
  expect(left.splice(0)).toEqual(["signal", "service stopped", "undone"]);
  expect((await ask("/half"))[0]).toBe(404);
  await app!.run(() => app!.scope.get(eventsKey).publish("anything", {}));
  await new Promise((resolve) => setTimeout(resolve, 25));
  expect(left).toEqual([]);
  process.off("unhandledRejection", errors);
  expect(errors).not.toHaveBeenCalled();
});

test("a plugin whose constructor throws fails with those who inject its services", async () => {
  const left: string[] = [];
  class Users extends Service {}
  class Accounts extends Plugin {
    static override services = [Users];
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
    await app!.close();
  }
});

test("in code, a failing plugin is thrown: the one at the root of it", async () => {
  class Users extends Service {}
  class Accounts extends Plugin {
    static override services = [Users];
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

test("listeners are fields of plugins, services and mounted groups, until the plugin stops", async () => {
  const heard: string[] = [];
  class Store extends Service {
    heard = on("thing.done", () => void heard.push("service"));
  }
  class Group extends Routes {
    heard = on("thing.done", () => void heard.push("group"));
  }
  class Notes extends Plugin {
    static override services = [Store];
    group = mount("/group", Group);
    heard = on("thing.*", () => void heard.push("plugin"));
  }
  await start([Notes]);
  const tell = () => app!.run(() => app!.scope.get(eventsKey).publish("thing.done", {}));
  await tell();
  expect(heard.splice(0).toSorted()).toEqual(["group", "plugin", "service"]);
  await app!.close();
  await tell();
  expect(heard).toEqual([]);
});

test("the platform tells when a plugin has started and stopped", async () => {
  const heard: string[] = [];
  class Watch extends Plugin {
    heard = on(
      "plugin.*.*",
      ({ name, data }) => void heard.push(`${name} ${JSON.stringify(data)}`),
    );
  }
  class Notes extends Plugin {}
  class Bad extends Plugin {
    start = () => Promise.reject(new Error("no"));
  }
  await start([Watch, Notes, Bad]);
  await app!.close();
  expect(heard).toEqual([
    'plugin.watch.started {"plugin":"watch"}',
    'plugin.notes.started {"plugin":"notes"}',
    'plugin.notes.stopped {"plugin":"notes"}',
  ]);
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

test.each([
  [undefined, "createApp got nothing as a plugin"],
  [class Other extends Array {}, 'createApp got the class or function "Other" as a plugin'],
  ["notes", "createApp got a value of type string as a plugin"],
])("what is no plugin is refused in code: %s", async (given, message) => {
  await expect(start([given as never])).rejects.toThrow(message);
});

function source(type: PluginClass, manifest: Partial<Manifest>): PluginSource {
  return {
    type,
    manifest: { name: "nameless", version: "1.0.0", plugins: {}, optional: false, ...manifest },
  };
}

async function start(plugins: (PluginClass | PluginSource)[], options: AppOptions = {}) {
  const lines: object[] = [];
  const log = await createLog({ destination: { write: (line) => lines.push(JSON.parse(line)) } });
  app = await createApp({ plugins, docs: false, env: {}, log, tolerant: true, ...options });
  return { lines };
}

const failure = (name: string) => app!.plugins.plugins.find((one) => one.name === name)?.failure;
const states = () =>
  Object.fromEntries(app!.plugins.plugins.map(({ name, state }) => [name, state]));

async function ask(path: string): Promise<[status: number, body: unknown]> {
  const response = await app!.fetch(new Request(`http://test${path}`));
  return [response.status, await response.json()];
}
