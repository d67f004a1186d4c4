import { performance } from "node:perf_hooks";
import {
  contextKey,
  createApp,
  currentUser,
  get,
  notFound,
  Plugin,
  post,
  setRequestContext,
} from "nexus-platform";
import {
  type Authenticator,
  authenticatorKey,
  createIdentity,
  createTokens,
} from "nexus-platform/auth";
import type { Frame } from "nexus-platform/middleware";
import { z } from "zod";
import {
  audience,
  createUser,
  emailPattern,
  findUser,
  hello,
  issuer,
  listUsers,
  secret,
  usernamePattern,
} from "./domain.ts";
import { host, port } from "./harness.ts";

/** This platform as its manual tells it. NEXUS_TRANSPORT chooses the transport, BENCH_BARE leaves out all layers. */

const User = z.object({
  user_id: z.int(),
  username: z.string(),
  email: z.string(),
  full_name: z.string().nullable(),
  active: z.boolean(),
  tags: z.array(z.string()),
  created_at: z.string(),
  updated_at: z.string(),
});

const NewUser = z.object({
  username: z.string().min(3).max(50).regex(new RegExp(usernamePattern)),
  email: z.string().regex(new RegExp(emailPattern)),
  password: z.string().min(8),
  full_name: z.string().nullish(),
  tags: z.array(z.string()).optional(),
});

class Hello extends Plugin {
  hello = get("/hello", () => ({ message: hello }));
}

class Users extends Plugin {
  static prefix = "/my-plugin";

  list = get(
    "/users",
    {
      query: {
        page: z.int().min(1).default(1),
        per_page: z.int().min(1).max(100).default(20),
        active: z.boolean().optional(),
      },
    },
    ({ page, per_page, active }) => listUsers(page, per_page, active),
  );

  create = post("/users", { body: NewUser, response: User, status: 201 }, ({ body }) =>
    createUser(body),
  );

  one = get(
    "/users/{user_id}",
    { path: { user_id: z.int().min(1) }, use: { me: currentUser } },
    ({ user_id }) => findUser(user_id) ?? notFound("No such user"),
  );
}

const started = contextKey<number>("started");

const timing: Frame<number> = {
  before() {
    const now = performance.now();
    setRequestContext(started, now);
    return now;
  },
  after({ headers }, start) {
    // Milliseconds, to the microsecond.
    headers.set(
      "Server-Timing",
      `app;dur=${Math.round((performance.now() - start) * 1000) / 1000}`,
    );
  },
};

const tokens = createTokens({ secrets: [secret], issuer, audience });

const byToken: Authenticator = {
  authenticate({ headers }) {
    const authorization = headers.get("authorization");
    if (!authorization?.startsWith("Bearer ")) return undefined;
    const { sub } = tokens.verify(authorization.slice(7));
    return createIdentity({ id: sub, username: sub });
  },
};

const isBare = process.env["BENCH_BARE"] === "1";
const app = await createApp({
  plugins: [Hello, Users],
  ...(isBare ? { layers: false } : { middleware: [timing] }),
});
app.scope.provide(authenticatorKey, byToken);
await app.listen({ port, host });
