// Mistakes that people make, each below the first line of what the compiler says of it. The test
// beside this file holds these lines to be true: whoever changes a type sees what becomes of the message.
import * as http from "nexus-platform/http";
import {
  BackgroundTasks,
  contextKey,
  currentUser,
  dependency,
  emit,
  event,
  get,
  getRequestContext,
  HTTPException,
  inject,
  middleware,
  mount,
  on,
  onError,
  Plugin,
  post,
  rateLimit,
  type Request,
  requirePermission,
  requireRole,
  Routes,
  Service,
  setRequestContext,
} from "nexus-platform";
import type { Next } from "nexus-platform/middleware";
import { createTask, task } from "nexus-platform/tasks";
import { TestClient } from "nexus-platform/testing";
import { z } from "zod";

const Pet = z.object({ id: z.int(), name: z.string() });
const Page = z.object({ page: z.int(), body: z.string().optional() });
const team = dependency({ path: { team_id: z.int() } }, ({ team_id }) => ({ id: team_id }));
const petSold = event("pet.sold", z.object({ pet_id: z.int() }));
class PetService extends Service {
  async get(id: number): Promise<z.input<typeof Pet> | undefined> {
    return id > 0 ? { id, name: "Rex" } : undefined;
  }
}

export class Paths extends Plugin {
  // Argument of type '"my-plugin/hello"' is not assignable to parameter of type '"a path starts with /"'.
  // @ts-expect-error
  a1 = get("my-plugin/hello", () => 1);
  // Argument of type '"/users/{user_id"' is not assignable to parameter of type '"unbalanced braces"'.
  // @ts-expect-error
  a2 = get("/users/{user_id", () => 1);
  // Argument of type '"/users/{user_id:integer}"' is not assignable to parameter of type '"no converter 'integer': use int, float, uuid, path or str"'.
  // @ts-expect-error
  a3 = get("/users/{user_id:integer}", () => 1);
  // Argument of type '"/users/{id}/pets/{id}"' is not assignable to parameter of type '"{id} is in the path twice"'.
  // @ts-expect-error
  a4 = get("/users/{id}/pets/{id}", () => 1);
  // Type 'ZodString' is not assignable to type '"the path has no {uid}"'.
  // @ts-expect-error
  a5 = get("/users/{user_id}", { path: { uid: z.string() } }, () => 1);
  // Property 'id' does not exist on type '{ readonly request: Request; readonly signal: AbortSignal; user_id: string; }'.
  // @ts-expect-error
  a6 = get("/users/{user_id}", ({ id }) => id);
  // Property 'trim' does not exist on type 'number'.
  // @ts-expect-error
  a7 = get("/users/{user_id:int}", ({ user_id }) => user_id.trim());
}

export class Specs extends Plugin {
  // Object literal may only specify known properties, but 'resposne' does not exist in type 'Spec<"GET", "/pets", {}, {}, {}, {}, {}, None, {}, unknown>'. Did you mean to write 'response'?
  // @ts-expect-error
  b1 = get("/pets", { resposne: Pet }, () => ({ id: 1, name: "Rex" }));
  // Type 'NumberConstructor' is not assignable to type '"a schema, as in z.string()"'.
  // @ts-expect-error
  b2 = get("/pets", { query: { page: Number } }, () => 1);
  // Type 'ZodArray<ZodInt>' is not assignable to type '"one schema a name, as in { page: z.int() }, or a schema of an object"'.
  // @ts-expect-error
  b3 = get("/pets", { query: z.array(z.int()) }, () => 1);
  // Type 'ZodInt' is not assignable to type '"one schema a name, as in { page: z.int() }, or a schema of an object"'.
  // @ts-expect-error
  b4 = get("/pets", { query: z.int() }, () => 1);
  // Type 'ZodObject<{ id: ZodInt; name: ZodString; }, $strip>' is not assignable to type '"a GET has no body: use query, or post"'.
  // @ts-expect-error
  b5 = get("/pets", { body: Pet }, () => 1);
  // Type '{ name: z.ZodString; }' is not assignable to type '"a GET has no body: use query, or post"'.
  // @ts-expect-error
  b6 = get("/pets", { form: { name: z.string() } }, () => 1);
  // Type '404' is not assignable to type 'SuccessStatus'.
  // @ts-expect-error
  b7 = post("/pets", { status: 404 }, () => 1);
  // Type 'string' is not assignable to type 'SuccessStatus'.
  // @ts-expect-error
  b8 = post("/pets", { status: "201" }, () => 1);
  // Object literal may only specify known properties, and '4004' does not exist in type 'Readonly<Partial<Record<ErrorStatus | SuccessStatus, ExceptionClass | Schema>>>'.
  // @ts-expect-error
  b9 = post("/pets", { responses: { 4004: Pet } }, () => 1);
  // Type '"10 megabytes"' is not assignable to type 'Size'.
  // @ts-expect-error
  b10 = post("/pets", { bodyLimit: "10 megabytes" }, () => 1);
  // Type '(request: Request) => Request' is not assignable to type 'Middleware'.
  // @ts-expect-error
  b11 = get("/pets", { middleware: [(request: Request) => request] }, () => 1);
  // Object literal may only specify known properties, and 'respnse' does not exist in type 'Spec<"GET", "/pets", {}, {}, {}, {}, {}, None, {}, unknown> | ((input: { readonly request: Request; readonly signal: AbortSignal; }) => never)'.
  // @ts-expect-error
  b12 = get("/pets", { respnse: Pet });
  // Type 'string' is not assignable to type 'readonly string[]'.
  // @ts-expect-error
  b13 = get("/pets", { tags: "Pets" }, () => 1);
  // Object literal may only specify known properties, and 'id' does not exist in type 'StandardSchemaV1<unknown, unknown>'.
  // @ts-expect-error
  b14 = get("/pets", { response: { id: z.int() } }, () => 1);
  // Object literal may only specify known properties, but 'deprecatd' does not exist in type 'Spec<"GET", "/pets", {}, {}, {}, {}, {}, None, {}, unknown>'. Did you mean to write 'deprecated'?
  // @ts-expect-error
  b15 = get("/pets", { deprecatd: true }, () => 1);
  // Type 'FileField<UploadFile>' is not assignable to type '"only a form has files"'.
  // @ts-expect-error
  b16 = post("/pets", { query: { image: http.file() } }, () => 1);
  // Type 'FileField<UploadFile>' is not assignable to type '"one schema a name, as in { page: z.int() }, or a schema of an object"'.
  // @ts-expect-error
  b17 = post("/pets", { form: http.file() }, () => 1);
  // Type '"10 megabytes"' is not assignable to type 'Size | undefined'.
  // @ts-expect-error
  b18 = post("/pets", { form: { image: http.file({ maxSize: "10 megabytes" }) } }, () => 1);
  // Object literal may only specify known properties, and 'max' does not exist in type 'OneFileOptions'.
  // @ts-expect-error
  b19 = post("/pets", { form: { image: http.file({ max: 2 }) } }, () => 1);
  // 'image' is possibly 'undefined'.
  // @ts-expect-error
  b20 = post("/p", { form: { image: http.file({ optional: true }) } }, ({ image }) => image.size);
}

export class Names extends Plugin {
  // Type 'ZodString' is not assignable to type '"'id' is already in the path"'.
  // @ts-expect-error
  c1 = get("/users/{id}", { query: { id: z.string() } }, () => 1);
  // Type 'Dependency<Identity, never>' is not assignable to type '"'me' is already in query"'.
  // @ts-expect-error
  c2 = get("/users", { query: { me: z.string() }, use: { me: currentUser } }, () => 1);
  // Type 'ZodString' is not assignable to type '"'body' is already reserved"'.
  // @ts-expect-error
  c3 = get("/users", { query: { body: z.string() } }, () => 1);
  // Type 'ZodString' is not assignable to type '"'name' is already in cookies"'.
  // @ts-expect-error
  c4 = post("/users", { form: { name: z.string() }, cookies: { name: z.string() } }, () => 1);
  // Type 'ZodObject<{ page: ZodInt; body: ZodOptional<ZodString>; }, $strip>' is not assignable to type '"'body' is already reserved"'.
  // @ts-expect-error
  c5 = get("/users", { query: Page }, () => 1);
  // Type 'ZodObject<{ id: ZodInt; name: ZodString; }, $strip>' is not assignable to type '"'id' is already in the path"'.
  // @ts-expect-error
  c6 = get("/users/{id}", { query: Pet, headers: { "x-a": z.string() } }, () => 1);
}

export class Handlers extends Plugin {
  pets = inject(PetService);
  // Type 'Promise<{ id: number; }>' is not assignable to type 'Awaitable<{ id: number; name: string; } | AnyResponse>'.
  // @ts-expect-error
  d1 = get("/pets", { response: Pet }, async () => ({ id: 1 }));
  // Type 'Promise<{ id: string; name: string; }>' is not assignable to type 'Awaitable<{ id: number; name: string; } | AnyResponse>'.
  // @ts-expect-error
  d2 = get("/pets", { response: Pet }, async () => ({ id: "1", name: "Rex" }));
  // Argument of type '() => Promise<{ id: number; }>' is not assignable to parameter of type '(input: { readonly request: Request; readonly signal: AbortSignal; }) => Awaitable<{ id: number; name: string; } | AnyResponse>'.
  // @ts-expect-error
  d3 = get("/pets", { response: Pet }, async () => {
    const pet = { id: 1 };
    return pet;
  });
  // Type '{ id: number; name: string; }' is not assignable to type 'Awaitable<{ id: number; name: string; }[] | AnyResponse>'.
  // @ts-expect-error
  d4 = get("/pets", { response: z.array(Pet) }, () => ({ id: 1, name: "Rex" }));
  // Property 'trim' does not exist on type 'number'.
  // @ts-expect-error
  d5 = get("/pets", { query: { page: z.int() } }, ({ page }) => page.trim());
  // 'page' is possibly 'undefined'.
  // @ts-expect-error
  d6 = get("/pets", { query: { page: z.int().optional() } }, ({ page }) => page.toFixed());
  // Property 'body' does not exist on type '{ readonly request: Request; readonly signal: AbortSignal; }'.
  // @ts-expect-error
  d7 = get("/pets", async ({ body }) => body);
  // Property 'me' does not exist on type '{ readonly request: Request; readonly signal: AbortSignal; }'.
  // @ts-expect-error
  d8 = get("/users", async ({ me }) => me.id);
  // Type 'Promise<{ id: number; name: string; } | undefined>' is not assignable to type 'Awaitable<{ id: number; name: string; } | AnyResponse>'.
  // @ts-expect-error
  d9 = get("/pets/{id:int}", { response: Pet }, async ({ id }) => this.pets.get(id));
  // Argument of type '({ page }: { page: string; }) => string' is not assignable to parameter of type '(input: { readonly request: Request; readonly signal: AbortSignal; page: number; }) => string'.
  // @ts-expect-error
  d10 = get("/pets", { query: { page: z.int() } }, ({ page }: { page: string }) => page);
  // Property 'length' does not exist on type 'number'.
  // @ts-expect-error
  d11 = post("/pets", { form: { age: z.int() } }, ({ age }) => age.length);
  // Property 'age' does not exist on type '{ id: number; name: string; }'.
  // @ts-expect-error
  d12 = post("/pets", { body: Pet }, ({ body }) => body.age);
  // Property 'age' does not exist on type '{ readonly request: Request; readonly signal: AbortSignal; id: number; name: string; }'.
  // @ts-expect-error
  d13 = get("/pets", { query: Pet }, ({ age }) => age);
}

export class Answers extends Plugin {
  // Argument of type '() => AsyncGenerator<{ id: string; name: string; }, void, any>' is not assignable to parameter of type '(input: { readonly request: Request; readonly signal: AbortSignal; }) => Awaitable<AnyResponse | Chunks<{ id: number; name: string; }>>'.
  // @ts-expect-error
  j1 = get("/pets", { response: http.streamOf(Pet) }, async function* () {
    yield { id: "1", name: "Rex" };
  });
  // Type '{ id: number; name: string; }' is not assignable to type 'Awaitable<AnyResponse | Chunks<{ id: number; name: string; }>>'.
  // @ts-expect-error
  j2 = get("/pets", { response: http.streamOf(Pet) }, () => ({ id: 1, name: "Rex" }));
  // Type '{ id: number; }[]' is not assignable to type 'Awaitable<AnyResponse | Items<{ id: number; name: string; }>>'.
  // @ts-expect-error
  j3 = get("/pets", { response: http.eventsOf(Pet) }, () => [{ id: 1 }]);
  // Type 'string' is not assignable to type 'Awaitable<AnyResponse>'.
  // @ts-expect-error
  j4 = get("/pets", { response: http.media("text/plain") }, () => "text");
  // Argument of type '{ data: number; name: string; }[]' is not assignable to parameter of type 'ServerEvents'.
  // @ts-expect-error
  j5 = get("/pets", () => new http.EventStream([{ data: 1, name: "tick" }]));
  // Argument of type 'number[]' is not assignable to parameter of type 'Chunks<string | Uint8Array<ArrayBufferLike>>'.
  // @ts-expect-error
  j6 = get("/pets", () => new http.StreamingResponse([1, 2]));
}

export class Uses extends Plugin {
  // Type '() => { id: string; }' is not assignable to type '"a dependency, a Service, BackgroundTasks or a context key"'.
  // @ts-expect-error
  e1 = get("/users", { use: { me: () => ({ id: "1" }) } }, () => 1);
  // Property 'toFixed' does not exist on type 'string'. Did you mean 'fixed'?
  // @ts-expect-error
  e2 = get("/users", { use: { me: currentUser } }, async ({ me }) => me.id.toFixed());
  // Type 'Dependency<Identity, never>[]' is not assignable to type '"one name a dependency, as in { me: currentUser }"'.
  // @ts-expect-error
  e3 = get("/users", { use: [currentUser] }, () => 1);
  // Type 'Dependency<{ id: number; }, "team_id">' is not assignable to type '"needs {team_id} in the path"'.
  // @ts-expect-error
  e4 = get("/teams", { use: { team } }, ({ team }) => team.id);
  // Type 'DateConstructor' is not assignable to type '"a dependency, a Service, BackgroundTasks or a context key"'.
  // @ts-expect-error
  e5 = get("/users", { use: { when: Date } }, () => 1);
  // Argument of type 'typeof BackgroundTasks' is not assignable to parameter of type 'ServiceClass<Service>'.
  // @ts-expect-error
  e6 = inject(BackgroundTasks);
  // Argument of type '"/teams/{team_id}"' is not assignable to parameter of type '"a prefix has no {parameters}"'.
  // @ts-expect-error
  e7 = mount("/teams/{team_id}", Routes);
  // Argument of type 'typeof PetService' is not assignable to parameter of type 'new () => Routes'.
  // @ts-expect-error
  e8 = mount("/teams", PetService);
  // Object literal may only specify known properties, but 'tag' does not exist in type 'Defaults'. Did you mean to write 'tags'?
  // @ts-expect-error
  e9 = mount("/teams", Routes, { tag: ["Teams"] });
  // Property 'pages' does not exist on type '{ readonly request: Request; readonly signal: AbortSignal; page: number; }'.
  // @ts-expect-error
  e10 = dependency({ query: { page: z.int() } }, ({ pages }) => pages);
  // Type '"session"' is not assignable to type 'CleanUp'.
  // @ts-expect-error
  e11 = dependency({ scope: "session" }, () => 1);
}

export class Others extends Plugin {
  pets = inject(PetService);
  // Object literal may only specify known properties, and 'pet' does not exist in type '{ pet_id: number; }'.
  // @ts-expect-error
  f1 = post("/u", async () => emit(petSold, { pet: 1 }));
  // Property 'id' does not exist on type '{ pet_id: number; }'.
  // @ts-expect-error
  f2 = on(petSold, ({ data }) => void data.id);
  // Object literal may only specify known properties, and 'prio' does not exist in type 'ListenOptions'.
  // @ts-expect-error
  f3 = on(petSold, { prio: 1 }, () => {});
  // Argument of type 'Promise<{ id: number; name: string; } | undefined>' is not assignable to parameter of type '() => unknown'.
  // @ts-expect-error
  f4 = post("/u", { use: { work: BackgroundTasks } }, ({ work }) => work.add(this.pets.get(1)));
  // Argument of type 'string' is not assignable to parameter of type 'number'.
  // @ts-expect-error
  f5 = setRequestContext(contextKey<number>("n"), "1");
  // Type 'number | undefined' is not assignable to type 'number'.
  // @ts-expect-error
  f6: number = getRequestContext(contextKey<number>("n"));
  // Type 'Promise<undefined>' is not assignable to type 'Promise<Response | Response> | Response | Response'.
  // @ts-expect-error
  f7 = middleware(async (request, next) => void (await next(request)));
  // Argument of type 'string' is not assignable to parameter of type 'number'.
  // @ts-expect-error
  f8 = new HTTPException("Not found", 404);
  // Property 'pth' does not exist on type 'Request'. Did you mean 'path'?
  // @ts-expect-error
  f9 = onError(HTTPException, ({ message }, request) => message + request.pth);
}

const getPet = get("/pets/{id:int}", { response: Pet });
export class Methods extends Plugin {
  // Decorator function return type 'Expected<"the route gives 'id' as", number>' is not assignable to type 'void | (({ id }: { id: string; }) => Promise<{ id: number; name: string; }>)'.
  // @ts-expect-error
  @getPet async g1({ id }: { id: string }) {
    return { id: Number(id), name: "Rex" };
  }
  // Decorator function return type 'Mistake<"the route has no input 'pet_id'">' is not assignable to type 'void | (({ pet_id }: { pet_id: number; }) => Promise<{ id: number; name: string; }>)'.
  // @ts-expect-error
  @getPet async g2({ pet_id }: { pet_id: number }) {
    return { id: pet_id, name: "Rex" };
  }
  // Decorator function return type 'Mistake<"the response also needs 'name'">' is not assignable to type 'void | (({ id }: { readonly request: Request; readonly signal: AbortSignal; id: number; }) => Promise<{ id: number; }>)'.
  // @ts-expect-error
  @getPet async g3({ id }: typeof getPet.input) {
    return { id };
  }
  // Decorator function return type 'Expected<"the response wants 'name' as", string>' is not assignable to type 'void | (({ id }: { readonly request: Request; readonly signal: AbortSignal; id: number; }) => Promise<{ id: number; name: number; }…
  // @ts-expect-error
  @getPet async g4({ id }: typeof getPet.input) {
    return { id, name: 5 };
  }
  // Decorator function return type 'Mistake<"a route's method takes one object">' is not assignable to type 'void | ((id: number) => Promise<{ id: number; name: string; }>)'.
  // @ts-expect-error
  @getPet async g5(id: number) {
    return { id, name: "Rex" };
  }
  // Decorator function return type 'Mistake<"a route's method takes one object">' is not assignable to type 'void | (({ id }: { readonly request: Request; readonly signal: AbortSignal; id: number; }, request: Request) => Promise<{ id: number; n…
  // @ts-expect-error
  @getPet async g6({ id }: typeof getPet.input, request: Request) {
    return { id, name: request.url };
  }
  // Decorator function return type 'Expected<"the response is", { id: number; name: string; }>' is not assignable to type 'void | (({ id }: { readonly request: Request; readonly signal: AbortSignal; id: number; }) => Promise<string>)'.
  // @ts-expect-error
  @getPet async g7({ id }: typeof getPet.input) {
    return `${id}`;
  }
  // Object literal may only specify known properties, and 'quary' does not exist in type 'Spec<"GET", "/pets", {}, {}, {}, {}, {}, None, {}, unknown> | ((input: { readonly request: Request; readonly signal: AbortSignal; }) => never)'.
  // @ts-expect-error
  @get("/pets", { quary: { page: z.int() } }) async g8() {}
  // Argument of type '"pets"' is not assignable to parameter of type '"a path starts with /"'.
  // @ts-expect-error
  @get("pets") async g9() {}
  // Decorator function return type 'Mistake<"a middleware returns a Response">' is not assignable to type 'void | ((request: Request) => Promise<Request>)'.
  // @ts-expect-error
  @middleware async g10(request: Request) {
    return request;
  }
  // Decorator function return type 'Mistake<"a middleware returns a Response">' is not assignable to type 'void | ((request: Request, next: Next) => Promise<void>)'.
  // @ts-expect-error
  @middleware async g11(request: Request, next: Next) {
    await next(request);
  }
  // Unable to resolve signature of method decorator when called as an expression.
  // @ts-expect-error
  @get g12() {}
  // Unable to resolve signature of property decorator when called as an expression.
  // @ts-expect-error
  @getPet g13 = get("/pets", () => 1);
}

const once = rateLimit({ requests: 1, window: 1 });
export class Guards extends Plugin {
  // Decorator function return type 'Mistake<"for methods: a field route says this in its spec">' is not assignable to type 'void | ((this: Guards, value: Route<{ …
  // @ts-expect-error
  @requirePermission("a") i1 = get("/pets", () => 1);
  // Decorator function return type 'Mistake<"for methods: a field route says this in its spec">' is not assignable to type 'void | ((this: Guards, value: Route<{ …
  // @ts-expect-error
  @requireRole("a") i2 = get("/pets", () => 1);
  // Decorator function return type 'Mistake<"for methods: a field route says this in its spec">' is not assignable to type 'void | ((this: Guards, value: Route<{ …
  // @ts-expect-error
  @once i3 = get("/pets", () => 1);
  // Expected at least 1 arguments, but got 0.
  // @ts-expect-error
  @requirePermission() i4() {}
  // Argument of type 'string[]' is not assignable to parameter of type 'string'.
  // @ts-expect-error
  @requirePermission(["a"]) i5() {}
  // Argument of type 'number' is not assignable to parameter of type 'string'.
  // @ts-expect-error
  @requireRole(1) i6() {}
  // Property 'window' is missing in type '{ requests: number; }' but required in type 'RateLimit'.
  // @ts-expect-error
  @rateLimit({ requests: 10 }) i7() {}
  // Type 'string' is not assignable to type 'number'.
  // @ts-expect-error
  @rateLimit({ requests: 10, window: "1m" }) i8() {}
  // Argument of type 'number' is not assignable to parameter of type 'RateLimit'.
  // @ts-expect-error
  @rateLimit(10) i9() {}
  // Type 'number' is not assignable to type 'string | readonly string[]'.
  // @ts-expect-error
  i10 = get("/pets", { permission: 1 }, () => 1);
  // Object literal may only specify known properties, but 'permissions' does not exist in type 'Spec<"GET", "/pets", {}, {}, {}, {}, {}, None, {}, unknown>'. Did you mean to write 'permission'?
  // @ts-expect-error
  i11 = get("/pets", { permissions: ["a"] }, () => 1);
  // Object literal may only specify known properties, and 'seconds' does not exist in type 'RateLimit'.
  // @ts-expect-error
  i12 = get("/pets", { rateLimit: { requests: 10, seconds: 60 } }, () => 1);
  // Type 'number' is not assignable to type 'RateLimit'.
  // @ts-expect-error
  i13 = get("/pets", { rateLimit: 10 }, () => 1);
  // Object literal may only specify known properties, and 'name' does not exist in type 'readonly string[]'.
  // @ts-expect-error
  i14 = mount("/pets", Routes, { role: { name: "a" } });
  // Unable to resolve signature of method decorator when called as an expression.
  // @ts-expect-error
  @requirePermission i15() {}
}

// Class static side 'typeof Offering' incorrectly extends base class static side 'typeof Plugin'.
// @ts-expect-error
export class Offering extends Plugin {
  static override services = [Pet];
}
export class Named extends Plugin {
  // Property 'name' in type 'Named' is not assignable to the same property in base type 'Plugin'.
  // @ts-expect-error
  override name = get("/name", () => 1);
}
// Class static side 'typeof Configured' incorrectly extends base class static side 'typeof Plugin'.
// @ts-expect-error
export class Configured extends Plugin {
  static config = { apiKey: String };
}

// Argument of type 'typeof PetService' is not assignable to parameter of type 'App | PluginSource | readonly (PluginSource | PluginClass)[] | PluginClass'.
// @ts-expect-error
export const h1 = await TestClient.of(PetService);
// Object literal may only specify known properties, but 'respons' does not exist in type 'Spec<"DELETE", "/x", {}, {}, {}, {}, {}, None, {}, unknown>'. Did you mean to write 'response'?
// @ts-expect-error
export const h2 = http.delete("/x", { respons: Pet }, () => 1);
const client = await TestClient.of(Plugin);
// Object literal may only specify known properties, but 'jsn' does not exist in type 'Asking'. Did you mean to write 'json'?
// @ts-expect-error
export const h3 = await client.get("/x", { jsn: {} });
// Type '{ id: number; }' is not assignable to type 'Identity | Promise<Identity>'.
// @ts-expect-error
export const h4 = client.override(currentUser, () => ({ id: 1 }));
// Object is of type 'unknown'.
// @ts-expect-error
export const h5 = (await (await client.get("/x")).json()).id;
// Property 'age' does not exist on type '{ id: number; name: string; }'.
// @ts-expect-error
export const h6 = (await (await client.get("/x")).json(Pet)).age;

const feed = task({ input: z.object({ grams: z.string().transform(Number) }) }, () => "fed");
const clean = task({}, () => {});
// Expected 2-3 arguments, but got 1.
// @ts-expect-error
export const i1 = createTask(feed);
// Type 'number' is not assignable to type 'string'.
// @ts-expect-error
export const i2 = createTask(feed, { grams: 5 });
// Argument of type '5' is not assignable to parameter of type 'undefined'.
// @ts-expect-error
export const i3 = createTask(clean, 5);
// Object literal may only specify known properties, but 'ownr' does not exist in type 'CreateTaskOptions'. Did you mean to write 'owner'?
// @ts-expect-error
export const i4 = createTask(feed, { grams: "5" }, { ownr: "ann" });
// Object literal may only specify known properties, and 'retrys' does not exist in type 'TaskSpec<None, None>'.
// @ts-expect-error
export const i5 = task({ retrys: 3 }, () => {});
// Type 'number' is not assignable to type 'string'.
// @ts-expect-error
export const i6 = task({ output: Pet }, () => ({ id: 1, name: 2 }));
// Property 'foo' does not exist on type '{ id: number; name: string; }'.
// @ts-expect-error
export const i7 = task({ input: Pet }, ({ input }) => input.foo);
