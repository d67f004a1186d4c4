// What the compiler works out, compared with what it should: no `any` slips in.
import {
  alias,
  BackgroundTasks,
  contextKey,
  currentUser,
  dependency,
  event,
  get,
  getRequestContext,
  type Identity,
  inject,
  JSONResponse,
  mount,
  on,
  optionalUser,
  Plugin,
  post,
  rateLimit,
  type Request,
  requirePermission,
  requireRole,
  Response,
  Routes,
  secret,
  Service,
} from "nexus-platform";
import type { Dependency } from "nexus-platform/dependency";
import { createTask, type Task, task } from "nexus-platform/tasks";
import { type } from "arktype";
import * as v from "valibot";
import { expectTypeOf } from "vitest";
import { z } from "zod";

type Bare<T> = { [K in keyof T as K extends "request" | "signal" ? never : K]: T[K] };
type InputOf<R> = R extends { readonly input: infer I } ? Bare<I> : never;
type OutputOf<R> = R extends { readonly output: infer O } ? O : never;

const User = z.object({ user_id: z.string(), tags: z.array(z.string()).default([]) });
const State = z.object({ state: z.enum(["up", "down"]) });
const tenant = contextKey<string>("tenant");
const visits = contextKey("visits", () => 0);
const team = dependency({ path: { team_id: z.int() } }, ({ team_id }) => ({ id: team_id }));
const connection = dependency(async function* ({ signal }) {
  yield { open: !signal.aborted };
});
const trail = dependency(
  {
    headers: { x_trail: z.string().optional() },
    query: z.object({ page: z.int().default(1) }),
    use: { me: currentUser, connection, tenant },
  },
  async ({ x_trail, page, me, connection, tenant }) => ({
    text: `${x_trail} ${page} ${me.id} ${tenant}`,
    open: connection.open,
  }),
);
class UserService extends Service {
  async get(id: string): Promise<z.output<typeof User> | undefined> {
    return id ? { user_id: id, tags: [] } : undefined;
  }
}
const userCreated = event("user.created", z.object({ at: z.date() }));

class AdminRoutes extends Routes {
  stats = get("/stats", () => ({ users: 0 }));
}

class MyPlugin extends Plugin {
  static override readonly config = z.object({ apiKey: secret(z.string()), retries: z.int() });
  declare readonly config: z.output<typeof MyPlugin.config>;
  users = inject(UserService);
  admin = mount("/admin", AdminRoutes, { tags: ["Admin"] });
  created = on(userCreated, ({ data }) => {
    expectTypeOf(data).toEqualTypeOf<{ at: Date }>();
  });

  hello = get("/hello", () => ({ message: "Hello!" }));
  plain = get("/plain", { tags: ["Plain"] }, async () => 1);
  getUser = get("/users/{user_id}", { response: User }, async ({ user_id }) => {
    return (await this.users.get(user_id)) ?? new JSONResponse("nobody", { status: 404 });
  });
  converted = get("/{a:int}/{b:float}/{c:uuid}/{d}/{e:path}", () => 1);
  listUsers = get(
    "/users",
    { query: { page: z.int().default(1), active: z.boolean().optional() } },
    () => [],
  );
  search = get(
    "/search/{id}",
    { path: { id: z.int() }, query: z.looseObject({ q: z.string() }) },
    () => 1,
  );
  union = get(
    "/union",
    {
      query: z.discriminatedUnion("by", [
        z.object({ by: z.literal("id"), id: z.int() }),
        z.object({ by: z.literal("name"), name: z.string() }),
      ]),
    },
    (input) => (input.by === "id" ? input.id.toFixed() : input.name.trim()),
  );
  wire = get(
    "/wire",
    { headers: { "x-trace": z.string() }, cookies: { session: alias("sid", z.string()) } },
    () => 1,
  );
  add = post("/users", { body: User, status: 201 }, ({ body }) => body.tags);
  sign = post("/sign", { form: { name: z.string(), tag: z.array(z.string()) } }, () => 1);
  uses = post(
    "/teams/{team_id:int}",
    {
      use: {
        team,
        trail,
        connection,
        me: currentUser,
        maybe: optionalUser,
        background: BackgroundTasks,
        users: UserService,
        tenant,
        visits,
      },
    },
    () => 1,
  );
  ark = post("/ark", { query: { id: type("number") }, body: type({ "age?": "number" }) }, () => 1);
  vali = post("/vali", { query: { age: v.number() }, body: v.object({ a: v.date() }) }, () => 1);
  state = get("/state", { response: State }, () => ({ state: "up" }));
}

expectTypeOf<OutputOf<MyPlugin["hello"]>>().toEqualTypeOf<{ message: string }>();
expectTypeOf<OutputOf<MyPlugin["plain"]>>().toEqualTypeOf<number>();
expectTypeOf<InputOf<MyPlugin["getUser"]>>().toEqualTypeOf<{ user_id: string }>();
expectTypeOf<InputOf<MyPlugin["converted"]>>().toEqualTypeOf<{
  a: number;
  b: number;
  c: string;
  d: string;
  e: string;
}>();
expectTypeOf<InputOf<MyPlugin["listUsers"]>>().toEqualTypeOf<{
  page: number;
  active: boolean | undefined;
}>();
expectTypeOf<MyPlugin["search"]["input"]["id"]>().toEqualTypeOf<number>();
expectTypeOf<MyPlugin["search"]["input"]["q"]>().toEqualTypeOf<string>();
expectTypeOf<MyPlugin["search"]["input"]["other"]>().toEqualTypeOf<unknown>();
expectTypeOf<InputOf<MyPlugin["wire"]>>().toEqualTypeOf<{ "x-trace": string; session: string }>();
expectTypeOf<InputOf<MyPlugin["add"]>>().toEqualTypeOf<{
  body: { user_id: string; tags: string[] };
}>();
expectTypeOf<OutputOf<MyPlugin["add"]>>().toEqualTypeOf<string[]>();
expectTypeOf<InputOf<MyPlugin["sign"]>>().toEqualTypeOf<{ name: string; tag: string[] }>();
expectTypeOf<InputOf<MyPlugin["uses"]>>().toEqualTypeOf<{
  team_id: number;
  team: { id: number };
  trail: { text: string; open: boolean };
  connection: { open: boolean };
  me: Identity;
  maybe: Identity | undefined;
  background: BackgroundTasks;
  users: UserService;
  tenant: string;
  visits: number;
}>();
expectTypeOf<InputOf<MyPlugin["ark"]>>().toEqualTypeOf<{ id: number; body: { age?: number } }>();
expectTypeOf<InputOf<MyPlugin["vali"]>>().toEqualTypeOf<{ age: number; body: { a: Date } }>();
expectTypeOf<OutputOf<MyPlugin["state"]>>().toEqualTypeOf<{ state: "up" | "down" }>();
expectTypeOf<MyPlugin["hello"]["input"]>().toEqualTypeOf<{
  readonly request: Request;
  readonly signal: AbortSignal;
}>();
expectTypeOf<MyPlugin["config"]>().toEqualTypeOf<{ apiKey: string; retries: number }>();
expectTypeOf<OutputOf<AdminRoutes["stats"]>>().toEqualTypeOf<{ users: number }>();
expectTypeOf<MyPlugin["admin"]>().toEqualTypeOf<AdminRoutes>();
expectTypeOf<typeof connection>().toEqualTypeOf<Dependency<{ open: boolean }>>();
expectTypeOf<typeof team>().toEqualTypeOf<Dependency<{ id: number }, "team_id">>();
expectTypeOf<typeof trail>().toEqualTypeOf<Dependency<{ text: string; open: boolean }>>();

// What a decorated method is checked against.
const marker = get("/a/{id:int}", { query: { q: z.string() }, response: State });
expectTypeOf<Bare<typeof marker.input>>().toEqualTypeOf<{ id: number; q: string }>();
export class Decorated extends Plugin {
  @marker async whole({ id, q }: typeof marker.input) {
    return { state: id && q ? ("up" as const) : ("down" as const) };
  }
  @marker part({ id }: { id: number }) {
    return { state: id ? ("up" as const) : ("down" as const) };
  }
  @marker none() {
    return new Response();
  }
  @get("/any") any() {
    return [1, 2];
  }
  @get("/guarded", { permission: ["a", "b"], role: "c", rateLimit: { requests: 1, window: 60 } })
  @requirePermission("a", "b")
  @requireRole("c")
  @rateLimit({ requests: 10, window: 60 })
  async guarded({ request }: { request: Request }) {
    return request.path;
  }
  guardedToo = mount("/too", AdminRoutes, { permission: "a", role: ["b"] });
}

// Literals of a returned object are read as the schema's, in a block and in an expression.
const spec = { response: State };
get("/a", spec, () => ({ state: "up" }));
get("/a/{id}", spec, async ({ id }) => ({ state: id ? "up" : "down" }));
get("/a/{id}", spec, async ({ id }) => {
  if (id) return { state: "up" };
  return { state: "down" };
});
get("/a", spec, () => new Response());
get("/a", spec, () => globalThis.Response.json({}));

// A subclass of a plugin, and routes of a spec that is put together.
const paging = { page: z.int().default(1) };
export class Child extends MyPlugin {
  own = get("/own", { query: { ...paging, q: z.string() } }, ({ page, q }) => q.repeat(page));
}
export const text: unknown = getRequestContext(tenant) satisfies string | undefined;

// A task takes what its schema accepts, and its handler gets what that one makes.
const grams = z.object({ grams: z.string().transform(Number), at: z.date().optional() });
const feed = task(
  {
    input: grams,
    output: z.object({ left: z.bigint() }),
    unique: ({ grams }) => grams.toFixed(),
    cron: { pattern: "0 3 * * *", input: { grams: "5" } },
  },
  async ({ input, id, attempt, progress, signal, log }) => {
    input satisfies { grams: number; at?: Date | undefined };
    progress(0.5, `${id} ${attempt} ${signal.aborted}`);
    log.info("fed");
    return { left: 5n };
  },
) satisfies Task<z.input<typeof grams>, { left: bigint }>;
const clean = task({ retries: 3 }, ({ input }) => input satisfies undefined);
export const ids: Promise<string>[] = [
  createTask(feed, { grams: "5" }),
  createTask(feed, { grams: "5" }, { owner: "1", delay: 5, key: undefined }),
  createTask(clean),
  createTask(clean, undefined, { delay: 5 }),
];
