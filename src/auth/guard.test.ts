import { expect, test } from "vitest";
import { z } from "zod";
import { Context } from "../context.ts";
import { NotAuthenticated } from "../exceptions.ts";
import { get, mount, post, Routes } from "../http/index.ts";
import { Headers, Request } from "../message/index.ts";
import { Plugin } from "../plugin/index.ts";
import { Scope } from "../scope.ts";
import { TestClient } from "../testing/index.ts";
import {
  type Authenticator,
  authenticatorKey,
  createIdentity,
  currentUser,
  identify,
  optionalUser,
  requirePermission,
  requireRole,
} from "./index.ts";

class AdminRoutes extends Routes {
  stats = get("/stats", () => "stats");
  wipe = post("/wipe", { permission: "data:wipe", role: ["owner", "boss"] }, () => "wiped");
}
class Guarded extends Plugin {
  read = get("/users", { permission: "users:read" }, () => "users");
  both = get("/both", { permission: ["a:read", "b:read"] }, () => "both");
  either = get("/either", { role: ["editor", "owner"] }, () => "either");
  change = post(
    "/users/{id:int}",
    { permission: "users:write", body: z.object({ name: z.string() }), query: { page: z.int() } },
    () => "changed",
  );
  admin = mount("/admin", AdminRoutes, { permission: "admin:use", role: "staff" });
}
const user = (permissions: readonly string[], roles: readonly string[] = []) => ({
  id: "1",
  username: "alice",
  permissions,
  roles,
});

test("nobody gets 401, who may not 403 with what is missing, who may goes on (A3, A5)", async () => {
  await using client = await TestClient.of(Guarded);
  const nobody = await client.get("/users");
  expect([nobody.status, nobody.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
  const denied = await client.as(user(["users:write"])).get("/users");
  expect([denied.status, await denied.json()]).toMatchObject([
    403,
    { detail: "Permission 'users:read' required" },
  ]);
  expect(denied.headers.get("www-authenticate")).toBeNull();
  expect((await client.as(user(["users:*"])).get("/users")).status).toBe(200);
  expect((await client.as(user(["*"])).get("/users")).status).toBe(200);
});

test("all permissions of a list are needed; of the roles one", async () => {
  await using client = await TestClient.of(Guarded);
  const detail = async (path: string, ...who: Parameters<typeof user>) =>
    ((await (await client.as(user(...who)).get(path)).json()) as { detail?: string }).detail ??
    "in";
  expect(await detail("/both", ["a:read"])).toBe("Permission 'b:read' required");
  expect(await detail("/both", ["b:read"])).toBe("Permission 'a:read' required");
  expect(await detail("/both", ["a:read", "b:*"])).toBe("in");
  expect(await detail("/either", [], ["reader"])).toBe("Role 'editor' or 'owner' required");
  expect(await detail("/either", [], ["owner"])).toBe("in");
  // A role is no permission, and no wildcard.
  expect(await detail("/either", ["*"], ["*"])).toBe("Role 'editor' or 'owner' required");
});

test("a route needs what it says and what is said around it", async () => {
  await using client = await TestClient.of(Guarded);
  const status = async (path: string, ...who: Parameters<typeof user>) =>
    (await client.as(user(...who)).request(path.endsWith("wipe") ? "POST" : "GET", path)).status;
  expect(await status("/admin/stats", ["admin:use"], ["staff"])).toBe(200);
  expect(await status("/admin/stats", ["admin:use"])).toBe(403);
  expect(await status("/admin/stats", [], ["staff"])).toBe(403);
  expect(await status("/admin/wipe", ["admin:use"], ["staff"])).toBe(403);
  // Its own role does not stand in for the one of the mount.
  expect(await status("/admin/wipe", ["admin:use", "data:wipe"], ["boss"])).toBe(403);
  expect(await status("/admin/wipe", ["admin:use", "data:wipe"], ["staff"])).toBe(403);
  expect(await status("/admin/wipe", ["admin:use", "data:wipe"], ["staff", "boss"])).toBe(200);
  expect((await client.get("/admin/stats")).status).toBe(401);
});

test("who may not ask learns nothing of the input, and no byte of the body is read (A4)", async () => {
  await using client = await TestClient.of(Guarded);
  expect(await sendNonsense(client)).toBe(401);
  expect(await sendNonsense(client.as(user([])))).toBe(403);
  expect(await sendNonsense(client.as(user(["users:write"])))).toBe(415);
});

test("a method says it with decorators, in any order; all of them count", async () => {
  class Decorated extends Plugin {
    @get("/one")
    @requirePermission("a:read", "b:read")
    one() {
      return "one";
    }
    @requireRole("boss")
    @requirePermission("a:read")
    @get("/two", { permission: "c:read" })
    two() {
      return "two";
    }
    @get("/open")
    open() {
      return "open";
    }
  }
  await using client = await TestClient.of(Decorated);
  const ask = async (path: string, ...who: Parameters<typeof user>) =>
    ((await (await client.as(user(...who)).get(path)).json()) as { detail?: string }).detail ??
    "in";
  expect((await client.get("/one")).status).toBe(401);
  expect((await client.get("/open")).status).toBe(200);
  expect(await ask("/one", ["a:read"])).toBe("Permission 'b:read' required");
  expect(await ask("/one", ["a:read", "b:read"])).toBe("in");
  expect(await ask("/two", [], ["boss"])).toBe("Permission 'a:read' required");
  expect(await ask("/two", ["a:read"])).toBe("Role 'boss' required");
  expect(await ask("/two", ["a:read"], ["boss"])).toBe("Permission 'c:read' required");
  expect(await ask("/two", ["a:read", "c:read"], ["boss"])).toBe("in");
});

test("a guard that guards no route is told at once", async () => {
  class Field extends Plugin {
    // @ts-expect-error a field says it in its spec
    @requirePermission("a")
    field = get("/", () => 1);
  }
  await expect(TestClient.of(Field)).rejects.toThrow(
    "Field.field is decorated with requirePermission or requireRole, but is no route's method. A field route says this in its spec",
  );
  class Bare extends Plugin {
    @requireRole("a")
    bare() {}
  }
  await expect(TestClient.of(Bare)).rejects.toThrow("Bare.bare is decorated with");
});

test("a guard that says nothing is told at once", () => {
  expect(() => get("/", { permission: [] }, () => 1)).toThrow("says a permission that is empty");
  expect(() => get("/", { permission: "" }, () => 1)).toThrow("says a permission that is empty");
  expect(() => get("/", { role: [] }, () => 1)).toThrow("says a role that is empty");
  expect(() => get("/", { role: 5 as never }, () => 1)).toThrow("or no text");
  expect(() => mount("/a", AdminRoutes, { role: [" "] })).toThrow("says a role that is empty");
  expect(() => requirePermission(...([] as unknown as ["a"]))).toThrow("requirePermission() says");
});

/** Tells who asks by a header, and counts how often it is asked. */
function byHeader() {
  let asked = 0;
  const authenticator: Authenticator = {
    async authenticate({ headers }) {
      asked++;
      const username = headers.get("x-user");
      if (username === "forged") throw new NotAuthenticated("Invalid token");
      if (username === "broken") throw new Error("The database is away");
      return username === null ? undefined : createIdentity({ id: "1", username, roles: ["a"] });
    },
  };
  return { authenticator, count: () => asked };
}

class Who extends Plugin {
  mine = get(
    "/mine",
    { role: "a", use: { me: currentUser, user: optionalUser } },
    ({ me, user }) => me === user && me.username,
  );
  maybe = get("/maybe", { use: { user: optionalUser } }, ({ user }) => user?.username ?? "nobody");
  current = get("/current", { use: { me: currentUser } }, ({ me }) => me.username);
  open = get("/open", () => "open");
}

test("the authenticator is asked once a request, and only where somebody wants to know", async () => {
  const { authenticator, count } = byHeader();
  await using client = await TestClient.of(Who);
  client.app.scope.provide(authenticatorKey, authenticator);
  const ask = async (path: string, username = "bob") =>
    (await client.get(path, { headers: { "x-user": username } })).json();
  expect(await ask("/open")).toBe("open");
  expect(count()).toBe(0);
  expect(await ask("/mine")).toBe("bob");
  expect(count()).toBe(1);
  expect(await (await client.get("/maybe")).json()).toBe("nobody");
  expect(await ask("/maybe")).toBe("bob");
});

test("refused credentials are nobody to optionalUser, and a 401 that says why to currentUser (A2)", async () => {
  const { authenticator, count } = byHeader();
  await using client = await TestClient.of(Who);
  client.app.scope.provide(authenticatorKey, authenticator);
  const forged = { headers: { "x-user": "forged" } };
  expect(await (await client.get("/maybe", forged)).json()).toBe("nobody");
  for (const path of ["/current", "/mine"]) {
    const response = await client.get(path, forged);
    expect([response.status, await response.json()]).toMatchObject([
      401,
      { detail: "Invalid token" },
    ]);
  }
  expect(count()).toBe(3);
});

test("an authenticator that fails is a 500, never nobody", async () => {
  await using client = await TestClient.of(Who, { raiseErrors: false });
  client.app.scope.provide(authenticatorKey, byHeader().authenticator);
  for (const path of ["/maybe", "/current", "/mine"]) {
    expect((await client.get(path, { headers: { "x-user": "broken" } })).status).toBe(500);
  }
});

test("two who ask at the same time share the answer, a refusal too", async () => {
  const { authenticator, count } = byHeader();
  const app = new Scope("app", "app");
  app.provide(authenticatorKey, authenticator);
  const contextOf = (username: string) =>
    new Context(
      new Request({ method: "GET", target: "/", headers: new Headers({ "x-user": username }) }),
      app,
    );
  const context = contextOf("bob");
  const [one, two] = await Promise.all([identify(context), identify(context)]);
  expect(one).toBe(two);
  expect(await identify(context)).toBe(one);
  const forged = contextOf("forged");
  const [first, second] = await Promise.allSettled([identify(forged), identify(forged)]);
  expect(first).toEqual(second);
  await expect(identify(forged)).rejects.toThrow("Invalid token");
  expect(count()).toBe(2);
});

async function sendNonsense(client: TestClient) {
  const headers = { "content-type": "text/plain" };
  return (await client.post("/users/7?page=x", { body: "{", headers })).status;
}

test("an authenticator may answer at once, refuse at once, or promise in its own way", async () => {
  const bob = createIdentity({ id: "1", username: "bob", roles: ["a"] });
  // oxlint-disable-next-line unicorn/no-thenable
  const later = { then: (tell: (who: undefined) => void) => tell(undefined) };
  let asked = 0;
  const authenticator: Authenticator = {
    authenticate({ headers }) {
      asked++;
      if (headers.get("x-user") === "forged") throw new NotAuthenticated("Invalid token");
      // Of no class that anybody knows, as JavaScript may give it.
      if (headers.get("x-user") === "later") return later as unknown as Promise<undefined>;
      return headers.get("x-user") === "bob" ? bob : undefined;
    },
  };
  await using client = await TestClient.of(Who);
  client.app.scope.provide(authenticatorKey, authenticator);
  const ask = async (path: string, user: string) => {
    const response = await client.get(path, { headers: { "x-user": user } });
    return [response.status, response.ok && (await response.json())];
  };
  expect(await ask("/mine", "bob")).toEqual([200, "bob"]);
  expect(await ask("/current", "nobody")).toEqual([401, false]);
  expect(asked).toBe(2);
  for (const user of ["forged", "later"]) {
    expect(await ask("/maybe", user)).toEqual([200, "nobody"]);
    expect(await ask("/current", user)).toEqual([401, false]);
    expect(await ask("/mine", user)).toEqual([401, false]);
  }
});
