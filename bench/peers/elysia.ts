import { node } from "@elysiajs/node";
import { Elysia, t } from "elysia";
import {
  createUser,
  emailPattern,
  findUser,
  hello,
  listUsers,
  type User as UserOfDomain,
  usernamePattern,
  verifyBearer,
} from "./domain.ts";
import { host, port } from "./harness.ts";

/** Elysia on its adapter for Node, compiled ahead, with its own schemas. */

const User = t.Object({
  user_id: t.Integer(),
  username: t.String(),
  email: t.String(),
  full_name: t.Nullable(t.String()),
  active: t.Boolean(),
  tags: t.Array(t.String()),
  created_at: t.String(),
  updated_at: t.String(),
});

const NewUser = t.Object({
  username: t.String({ minLength: 3, maxLength: 50, pattern: usernamePattern }),
  email: t.String({ pattern: emailPattern }),
  password: t.String({ minLength: 8 }),
  full_name: t.Optional(t.Nullable(t.String())),
  tags: t.Optional(t.Array(t.String())),
});

const Query = t.Object({
  page: t.Integer({ minimum: 1, default: 1 }),
  per_page: t.Integer({ minimum: 1, maximum: 100, default: 20 }),
  active: t.Optional(t.Boolean()),
});

new Elysia({ adapter: node(), precompile: true })
  .get("/hello", () => ({ message: hello }))
  .get(
    "/my-plugin/users",
    ({ query: { page, per_page, active } }) => listUsers(page, per_page, active),
    { query: Query },
  )
  .post("/my-plugin/users", ({ body, status }) => status(201, createUser(body) as UserOfDomain), {
    body: NewUser,
    response: { 201: User },
  })
  .get(
    "/my-plugin/users/:user_id",
    ({ params: { user_id }, status }) => findUser(user_id) ?? status(404, { error: "Not found" }),
    {
      params: t.Object({ user_id: t.Integer({ minimum: 1 }) }),
      // Before anything is looked at.
      transform: ({ headers: { authorization }, status }) => {
        if (!verifyBearer(authorization)) throw status(401, { error: "Not authenticated" });
      },
    },
  )
  .listen({ port, hostname: host });
