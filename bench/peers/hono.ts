import { serve } from "@hono/node-server";
import { sValidator } from "@hono/standard-validator";
import { Hono } from "hono";
import { createMiddleware } from "hono/factory";
import { type Claims, createUser, findUser, hello, listUsers, verifyBearer } from "./domain.ts";
import { host, port } from "./harness.ts";
import { NewUser, Path, Query, User } from "./schemas.ts";

/** Hono with its smart router (RegExpRouter for these routes) on its own adapter. */

const signedIn = createMiddleware<{ Variables: { claims: Claims } }>(async (c, next) => {
  const claims = verifyBearer(c.req.header("authorization"));
  if (!claims) return c.json({ error: "Not authenticated" }, 401);
  c.set("claims", claims);
  await next();
});

const app = new Hono()
  .get("/hello", (c) => c.json({ message: hello }))
  .get("/my-plugin/users", sValidator("query", Query), (c) => {
    const { page, per_page, active } = c.req.valid("query");
    return c.json(listUsers(page, per_page, active));
  })
  .post("/my-plugin/users", sValidator("json", NewUser), (c) =>
    c.json(User.parse(createUser(c.req.valid("json"))), 201),
  )
  .get("/my-plugin/users/:user_id", signedIn, sValidator("param", Path), (c) => {
    const user = findUser(c.req.valid("param").user_id);
    return user ? c.json(user) : c.json({ error: "Not found" }, 404);
  });

serve({ fetch: app.fetch, port, hostname: host });
