import { afterEach, expect, test } from "vitest";
import { ask, closeApp, failure, start } from "../../test/tolerant-app.ts";
import { get } from "../http/index.ts";
import { inject, Service } from "../services.ts";
import { Plugin } from "./index.ts";

afterEach(closeApp);

test("a plugin that injects another's service starts behind it, services before plugins", async () => {
  const order: string[] = [];
  class Users extends Service {
    override start = () => void order.push("+service");
    override stop = () => void order.push("-service");
  }
  class Accounts extends Plugin {
    static services = [Users];
    start = () => void order.push("+accounts");
    stop = () => void order.push("-accounts");
  }
  class Shop extends Plugin {
    users = inject(Users);
    start = () => void order.push("+shop");
    stop = () => void order.push("-shop");
  }
  await start([Shop, Accounts]);
  await closeApp();
  expect(order).toEqual(["+service", "+accounts", "+shop", "-shop", "-accounts", "-service"]);
});

test("so does one whose routes alone use the service", async () => {
  const order: string[] = [];
  class Users extends Service {
    names = ["ann"];
  }
  class Accounts extends Plugin {
    static services = [Users];
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
    static services = [Users];
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
    static services = [Cache];
    cache = (found["first"] = inject(Cache));
  }
  class Second extends Plugin {
    static services = [Cache];
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
  for (const [name, step] of [
    ["shop", "make"],
    ["routed", "compile"],
  ] as const)
    expect(failure(name)).toMatchObject({
      step,
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
    static services = [Left];
  }
  class B extends Plugin {
    static services = [Right];
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
    static services = [Left];
    other = inject(Right);
  }
  class B extends Plugin {
    static services = [Right];
    other = inject(Left);
  }
  class C extends Plugin {
    static prefix = "/c";
    here = get("/here", () => 1);
  }
  await start([A, B, C]);
  for (const name of ["a", "b"])
    expect(failure(name)?.reason).toMatch(
      /Plugins need each other in a ring: (a → b → a|b → a → b)/,
    );
  expect(await ask("/c/here")).toEqual([200, 1]);
});
