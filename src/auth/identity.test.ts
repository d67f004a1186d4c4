import { expect, test } from "vitest";
import { dependency } from "../dependency.ts";
import { PermissionDenied } from "../exceptions.ts";
import { get } from "../http/index.ts";
import { middleware } from "../middleware/index.ts";
import { Plugin } from "../plugin/index.ts";
import { findContext } from "../context.ts";
import { TestClient } from "../testing/index.ts";
import { createIdentity, currentUser, identityKey, optionalUser } from "./index.ts";

class Profiles extends Plugin {
  mine = get("/mine", { use: { me: currentUser } }, ({ me }) => ({
    user_id: me.id,
    username: me.username,
  }));
  who = get("/who", { use: { user: optionalUser } }, ({ user }) => user?.username ?? "nobody");
  users = get("/users", { use: { me: currentUser } }, ({ me }) => {
    if (!me.hasPermission("admin:users")) throw new PermissionDenied("You may not see users");
    return { admin: me.hasRole("administrator") };
  });
}
const alice = { id: "1", username: "alice" };

test("whoever asks without saying who they are gets 401 from currentUser (A1)", async () => {
  await using client = await TestClient.of(Profiles);
  const response = await client.get("/mine");
  expect(response.status).toBe(401);
  expect(response.headers.get("www-authenticate")).toBe("Bearer");
  expect(await response.json()).toMatchObject({ detail: "Not authenticated" });
});

test("optionalUser is undefined for nobody", async () => {
  await using client = await TestClient.of(Profiles);
  expect(await (await client.get("/who")).json()).toBe("nobody");
  expect(await (await client.as(alice).get("/who")).json()).toBe("alice");
});

test("currentUser is who asks", async () => {
  await using client = await TestClient.of(Profiles);
  const response = await client.as(alice).get("/mine");
  expect(await response.json()).toEqual({ user_id: "1", username: "alice" });
});

test("what somebody may do is asked of them; who may not gets 403 (A6, A7)", async () => {
  await using client = await TestClient.of(Profiles);
  const denied = await client.as(alice).get("/users");
  expect([denied.status, await denied.json()]).toMatchObject([
    403,
    { detail: "You may not see users" },
  ]);
  const admin = { ...alice, permissions: ["admin:users"], roles: ["administrator"] };
  expect(await (await client.as(admin).get("/users")).json()).toEqual({ admin: true });
});

test("a layer says who asks, for all that is inside", async () => {
  const byHeader = middleware((request, next) => {
    const username = request.headers.get("x-user");
    if (username !== null) {
      findContext()!.provide(identityKey, createIdentity({ id: "1", username }));
    }
    return next();
  });
  await using client = await TestClient.of(Profiles, { middleware: [byHeader] });
  expect(await (await client.get("/who", { headers: { "x-user": "bob" } })).json()).toBe("bob");
  expect(await (await client.get("/who")).json()).toBe("nobody");
});

test("overriding optionalUser also changes currentUser, which asks it", async () => {
  const name = dependency({ use: { me: currentUser } }, ({ me }) => me.username);
  class Names extends Plugin {
    show = get("/", { use: { name } }, ({ name }) => name);
  }
  await using client = await TestClient.of(Names);
  client.override(optionalUser, () => createIdentity({ id: "2", username: "bob" }));
  expect(await (await client.get("/")).json()).toBe("bob");
});
