import { describe, expect, test } from "vitest";
import {
  currentScope,
  findScope,
  findService,
  inject,
  key,
  keyOf,
  nameService,
  Scope,
  Service,
  Services,
} from "./services.ts";

const color = key<string>("color");

describe("a scope", () => {
  test("finds what it provides, else what its parents do", () => {
    const app = new Scope("app", "app");
    const plugin = app.child("plugin", "shop");
    app.provide(color, "red");
    expect([plugin.find(color), plugin.has(color), app.has(color)]).toEqual(["red", false, true]);
    plugin.provide(color, "blue");
    expect([plugin.get(color), app.get(color)]).toEqual(["blue", "red"]);
    expect(app.find(key("unknown"))).toBeUndefined();
  });

  test("knows keys by their name, so that a reloaded module finds the same", () => {
    const app = new Scope("app", "app");
    app.provide(color, "red");
    expect(app.get(key<string>("color"))).toBe("red");
  });

  test("keeps falsy values too", () => {
    const app = new Scope("app", "app");
    const child = app.child("request", "");
    for (const value of [0, "", false, null]) {
      app.provide(key("a"), "parent");
      child.provide(key("a"), value);
      expect(child.get(key("a"))).toBe(value);
    }
  });

  test("says what is missing, and where", () => {
    const plugin = new Scope("app", "app").child("plugin", "shop");
    expect(() => plugin.get(color)).toThrow('Nothing provides "color" in plugin "shop".');
    expect(() => plugin.root.get(color)).toThrow(
      expect.objectContaining({ code: "NX_NOT_PROVIDED" }),
    );
  });

  test("takes back what it provided, unless something newer has its place", () => {
    const app = new Scope("app", "app");
    const undoRed = app.provide(color, "red");
    const undoBlue = app.provide(color, "blue");
    undoRed();
    expect(app.get(color)).toBe("blue");
    undoBlue();
    expect(app.find(color)).toBeUndefined();
  });

  test("makes a lazy value once, when it is first asked for, and again where making failed", () => {
    const app = new Scope("app", "app");
    let made = 0;
    app.provideLazy(color, () => {
      if (++made === 1) throw new Error("no paint");
      return `color ${made}`;
    });
    expect(made).toBe(0);
    expect(() => app.get(color)).toThrow("no paint");
    expect([app.get(color), app.get(color)]).toEqual(["color 2", "color 2"]);
  });

  test("can be moved under another one: a request belongs to its plugin", () => {
    const app = new Scope("app", "app");
    const plugin = app.child("plugin", "shop");
    const request = app.child("request", "");
    plugin.provide(color, "blue");
    expect(request.find(color)).toBeUndefined();
    request.moveTo(plugin);
    expect(request.get(color)).toBe("blue");
    expect([request.root, request.parent]).toEqual([app, plugin]);
  });

  test("undoes the newest first when it ends, asynchronous things too", async () => {
    const scope = new Scope("plugin", "shop");
    const seen: string[] = [];
    scope.defer(() => seen.push("first"));
    scope.defer(async () => {
      await Promise.resolve();
      seen.push("second");
      scope.defer(() => seen.push("added while ending"));
    });
    expect(scope.isEmpty).toBe(false);
    await scope.dispose();
    expect(seen).toEqual(["second", "added while ending", "first"]);
    await scope.dispose();
    expect(seen).toHaveLength(3);
  });

  test("undoes everything even where something fails, and tells all of it", async () => {
    const scope = new Scope("plugin", "shop");
    const seen: string[] = [];
    scope.defer(() => seen.push("first"));
    scope.defer(() => Promise.reject(new Error("b")));
    scope.defer(() => {
      throw new Error("a");
    });
    await expect(scope.dispose()).rejects.toMatchObject({
      message: 'Parts of plugin "shop" did not end cleanly.',
      errors: [{ message: "a" }, { message: "b" }],
    });
    expect(seen).toEqual(["first"]);
  });

  test("with nothing to undo says so", () => {
    const scope = new Scope("request", "");
    scope.provide(color, "red");
    expect(scope.isEmpty).toBe(true);
  });

  test("is the current one for all that runs in it, at any depth", async () => {
    const one = new Scope("app", "one");
    const two = new Scope("app", "two");
    expect(await Promise.all([one.run(deep), two.run(deep), one.run(() => two.run(deep))])).toEqual(
      ["one", "two", "two"],
    );
    expect(findScope()).toBeUndefined();
  });

  test("is asked for by name of the caller, who hears of it outside of all scopes", () => {
    expect(() => currentScope("emit()")).toThrow(
      "emit() was called outside every app and request.",
    );
    expect(() => currentScope("emit()")).toThrow(expect.objectContaining({ code: "NX_NO_SCOPE" }));
    const app = new Scope("app", "app");
    expect(app.run(() => currentScope("emit()"))).toBe(app);
  });
});

describe("a service", () => {
  test("is made when it is first asked for, and only once", () => {
    const app = new Scope("app", "app");
    let made = 0;
    class Clock extends Service {
      readonly nth = ++made;
    }
    new Services(app).offer(Clock);
    expect(made).toBe(0);
    const use = () => inject(Clock).nth;
    expect([app.run(use), app.run(use), findService(app, Clock).nth]).toEqual([1, 1, 1]);
  });

  test("injects others, which are made and started before it, and stopped after it", async () => {
    const app = new Scope("app", "app");
    const seen: string[] = [];
    class Database extends Service {
      override start() {
        seen.push("database starts");
      }
      override stop() {
        seen.push("database stops");
      }
    }
    class Users extends Service {
      readonly database = inject(Database);
      override async start() {
        await Promise.resolve();
        seen.push("users start");
      }
      override stop() {
        seen.push("users stop");
      }
    }
    const services = new Services(app);
    services.offer(Users);
    services.offer(Database);
    expect(findService(app, Users).database).toBe(findService(app, Database));
    await services.start();
    await app.dispose();
    expect(seen).toEqual(["database starts", "users start", "users stop", "database stops"]);
  });

  test("whose start fails is stopped too, with those before it", async () => {
    const app = new Scope("app", "app");
    const seen: string[] = [];
    class First extends Service {
      override stop() {
        seen.push("first stops");
      }
    }
    class Second extends Service {
      override start() {
        throw new Error("no port");
      }
      override stop() {
        seen.push("second stops");
      }
    }
    const services = new Services(app);
    for (const one of [First, Second]) {
      services.offer(one);
      findService(app, one);
    }
    await expect(services.start()).rejects.toThrow("no port");
    await app.dispose();
    expect(seen).toEqual(["second stops", "first stops"]);
  });

  test("that needs itself, over others, is an error that names the ring", () => {
    const app = new Scope("app", "app");
    class A extends Service {
      readonly b: Service = inject(B);
    }
    class B extends Service {
      readonly a: Service = inject(A);
    }
    const services = new Services(app);
    services.offer(A);
    services.offer(B);
    const make = () => findService(app, A);
    expect(make).toThrow("Services inject each other in a ring: A → B → A.");
    expect(make).toThrow(expect.objectContaining({ code: "NX_SERVICE_RING" }));
  });

  test("that nobody offers is an error that names it", () => {
    class Lost extends Service {}
    const app = new Scope("app", "app");
    expect(() => app.run(() => inject(Lost))).toThrow('Nothing provides "Lost" in the app.');
    expect(() => inject(Lost)).toThrow("inject(Lost) was called outside every app and request.");
  });

  test("has a key of its plugin and class, which a reloaded class has too", () => {
    const [before, after] = [loadUsers(), loadUsers()];
    nameService(before, "shop");
    nameService(after, "shop");
    expect(keyOf(before).name).toBe("shop/Users");
    expect(keyOf(after)).toEqual(keyOf(before));
    nameService(before, "blog");
    expect(keyOf(before).name).toBe("shop/Users");
  });

  test("may say its key itself, and does not hand it down to a subclass", () => {
    class Mail extends Service {
      static key = "nexus/Mail";
    }
    class Better extends Mail {}
    nameService(Mail, "shop");
    nameService(Better, "shop");
    expect([keyOf(Mail).name, keyOf(Better).name]).toEqual(["nexus/Mail", "shop/Better"]);
  });
});

async function deep(): Promise<string | undefined> {
  await new Promise((resolve) => setImmediate(resolve));
  return findScope()?.name;
}

function loadUsers() {
  return class Users extends Service {};
}
