import { describe, expect, test } from "vitest";
import { Scope } from "./scope.ts";
import { findService, inject, keyOf, nameService, Service, Services } from "./services.ts";

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

function loadUsers() {
  return class Users extends Service {};
}
