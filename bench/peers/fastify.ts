import jwt from "@fastify/jwt";
import Fastify from "fastify";
import {
  audience,
  createUser,
  emailPattern,
  findUser,
  hello,
  issuer,
  listUsers,
  type NewUser,
  secret,
  usernamePattern,
} from "./domain.ts";
import { host, port } from "./harness.ts";

/** Fastify with schemas for what comes and what leaves, and its own plugin for tokens with its cache. */

const string = { type: "string" };
const integer = { type: "integer" };
const strings = { type: "array", items: string };

const User = {
  type: "object",
  properties: {
    user_id: integer,
    username: string,
    email: string,
    full_name: { type: "string", nullable: true },
    active: { type: "boolean" },
    tags: strings,
    created_at: string,
    updated_at: string,
  },
};

const Page = {
  type: "object",
  properties: {
    items: { type: "array", items: User },
    pagination: {
      type: "object",
      properties: { page: integer, per_page: integer, total: integer, pages: integer },
    },
  },
};

const query = {
  type: "object",
  properties: {
    page: { type: "integer", minimum: 1, default: 1 },
    per_page: { type: "integer", minimum: 1, maximum: 100, default: 20 },
    active: { type: "boolean" },
  },
};

const body = {
  type: "object",
  required: ["username", "email", "password"],
  properties: {
    username: { type: "string", minLength: 3, maxLength: 50, pattern: usernamePattern },
    email: { type: "string", pattern: emailPattern },
    password: { type: "string", minLength: 8 },
    full_name: { type: "string", nullable: true },
    tags: strings,
  },
};

const params = { type: "object", properties: { user_id: { type: "integer", minimum: 1 } } };

const app = Fastify();
await app.register(jwt, {
  secret,
  verify: { algorithms: ["HS256"], allowedIss: issuer, allowedAud: audience, cache: true },
});

app.get(
  "/hello",
  { schema: { response: { 200: { type: "object", properties: { message: string } } } } },
  (_, reply) => reply.send({ message: hello }),
);

app.get<{ Querystring: { page: number; per_page: number; active?: boolean } }>(
  "/my-plugin/users",
  { schema: { querystring: query, response: { 200: Page } } },
  ({ query: { page, per_page, active } }, reply) => reply.send(listUsers(page, per_page, active)),
);

app.post<{ Body: NewUser }>(
  "/my-plugin/users",
  { schema: { body, response: { 201: User } } },
  (request, reply) => reply.code(201).send(createUser(request.body)),
);

app.get<{ Params: { user_id: number } }>(
  "/my-plugin/users/:user_id",
  { schema: { params, response: { 200: User } }, onRequest: (request) => request.jwtVerify() },
  (request, reply) => {
    const user = findUser(request.params.user_id);
    if (user) return reply.send(user);
    return reply.code(404).send({ error: "Not found" });
  },
);

await app.listen({ port, host });
