import { expect, test } from "vitest";
import { z } from "zod";
import { BackgroundTasks } from "../background.ts";
import { dependency } from "../dependency.ts";
import { NexusError } from "../exceptions.ts";
import { Plugin, type PluginClass } from "../plugin/index.ts";
import { Service } from "../services.ts";
import { TestClient } from "../testing/index.ts";
import {
  eventsOf,
  file,
  files,
  get as typedGet,
  mount,
  post as typedPost,
  Routes,
  streamOf,
} from "./index.ts";

// As JavaScript calls them: the types would refuse what stands here.
const get = typedGet as unknown as (...args: unknown[]) => unknown;
const post = typedPost as unknown as (...args: unknown[]) => unknown;
const here = String.raw`\(\S*check\.test\.ts:\d+\)`;

test("a spec with a word that no route understands is refused at start", async () => {
  expect(await faultOf(() => get("/pets", { quary: {}, resposne: z.any() }, () => 1))).toMatch(
    new RegExp(
      `^NX_ROUTE_SPEC: The route GET /pets ${here} says quary, resposne, which no route understands. A route understands path, query, `,
    ),
  );
});

test("a spec of a decorated method is checked in the same way", () => {
  expect(() => get("/pets", { quary: {} })).toThrow("says quary, which no route understands");
});

test("so is what a mount says for all its routes", () => {
  const defaults = { tag: ["Users"] } as object;
  class Users extends Routes {}
  expect(() => mount("/users", Users, defaults)).toThrow(
    'mount("/users", Users) says tag, which no route understands.',
  );
});

test("what is no schema is refused", async () => {
  expect(await faultOf(() => get("/pets", { query: { page: Number } }, () => 1))).toMatch(
    new RegExp(
      `^NX_ROUTE_SPEC: The route GET /pets ${here} has no schema as "page" in query. Give it one, as in z.string\\(\\).$`,
    ),
  );
  expect(await faultOf(() => post("/pets", { body: { a: z.int() } }, () => 1))).toContain(
    "has no schema as body.",
  );
  expect(await faultOf(() => get("/pets", { response: String }, () => 1))).toContain(
    "has no schema as response.",
  );
});

test("a file anywhere but in a field of a form is refused", async () => {
  for (const spec of [{ query: { a: file() } }, { body: file() }, { response: files() }])
    expect(await faultOf(() => post("/pets", spec, () => 1))).toMatch(
      /has a file as ("a" in query|body|response)\. Only a form has files: form: \{ file: file\(\) \}\.$/,
    );
  expect(await faultOf(() => post("/pets", { form: file() }, () => 1))).toContain(
    "has a file as form.",
  );
  for (const spec of [
    { form: z.object({ a: file() as never }) },
    { body: z.object({ a: file() as never }) },
  ])
    expect(await faultOf(() => post("/pets", spec, () => 1))).toMatch(
      /has a file inside the schema of (form|body)\. Write form: \{ file: file\(\), … \}/,
    );
  expect(await faultOf(() => get("/pets", { form: { a: file() } }, () => 1))).toContain(
    "A GET has no body",
  );
});

test("body and form together are refused", async () => {
  const spec = { body: z.any(), form: { a: z.string() } };
  expect(await faultOf(() => post("/pets", spec, () => 1))).toMatch(
    new RegExp(
      `^NX_ROUTE_SPEC: The route POST /pets ${here} says both "body" and "form". A request has one body`,
    ),
  );
});

test("a body of a GET route is refused", async () => {
  expect(await faultOf(() => get("/pets", { body: z.any() }, () => 1))).toMatch(
    /says "body"\. A GET has no body: use query, or post\.$/,
  );
});

test("items with a status that has no body are refused", async () => {
  for (const status of [204, 205, 304])
    expect(
      await faultOf(() => get("/pets", { response: streamOf(z.int()), status }, () => [])),
    ).toMatch(
      new RegExp(
        `^NX_ROUTE_SPEC: The route GET /pets ${here} says streamOf\\(…\\), and status: ${status}, which has no body`,
      ),
    );
  const spec = { response: eventsOf(z.int()), status: 204 };
  expect(await faultOf(() => get("/pets", spec, () => []))).toContain(
    "says eventsOf(…), and status",
  );
});

test("names that the handler needs for itself are refused", async () => {
  for (const name of ["body", "request", "signal", "__proto__"]) {
    const query = Object.fromEntries([[name, z.string()]]);
    expect(await faultOf(() => get("/pets", { query }, () => 1))).toMatch(
      new RegExp(
        `^NX_INPUT_NAME: The route GET /pets ${here} has "${name}" in query, but it is reserved. Rename one, or use alias\\("${name}", schema\\) under another name.$`,
      ),
    );
  }
  expect(await faultOf(() => get("/{request}", () => 1))).toContain('"request" in the path');
});

test("two sources of one name are refused, and both are named", async () => {
  const a = z.string();
  const none = dependency(() => 1);
  for (const [path, spec, fault] of [
    ["/{a}", { query: { a } }, '"a" in query, but it is already in the path'],
    ["/", { query: { a }, headers: { a } }, '"a" in headers, but it is already in query'],
    ["/", { cookies: { a }, headers: { a } }, '"a" in cookies, but it is already in headers'],
    ["/", { form: { a }, cookies: { a } }, '"a" in form, but it is already in cookies'],
    ["/", { use: { a: none }, form: { a } }, '"a" in use, but it is already in form'],
    ["/", { query: z.object({ a, b: a }), headers: { b: a } }, '"b" in headers, but it is already'],
    ["/", { form: z.object({ body: a }) }, '"body" in form, but it is reserved'],
  ] as const) {
    expect(await faultOf(() => post(path, spec, () => 1))).toContain(fault);
  }
});

test("a schema for a parameter that the path has not is refused", async () => {
  expect(await faultOf(() => get("/users/{id}", { path: { uid: z.int() } }, () => 1))).toMatch(
    /has "uid" in path, but no \{uid\} in its path\. Add \{uid\}, or move it to query\.$/,
  );
});

test("a dependency that needs another path is refused", async () => {
  const team = dependency({ path: { team_id: z.int() } }, ({ team_id }) => team_id);
  expect(await faultOf(() => get("/teams", { use: { team } }, () => 1))).toMatch(
    new RegExp(
      `^NX_DEPENDENCY: GET /teams ${here} uses "team", which needs {team_id} in the path. Add {team_id} to the path.$`,
    ),
  );
});

test("what lives as long as the request cannot use what ends before", async () => {
  const transaction = dependency({ scope: "function" }, async function* () {
    yield 1;
  });
  const audit = dependency({ use: { transaction } }, () => 1);
  expect(await faultOf(() => get("/", { use: { audit } }, () => 1))).toMatch(
    new RegExp(
      `^NX_DEPENDENCY: GET / ${here} uses "audit", which lives as long as the request but uses "transaction", which ends before the answer. Give "audit" the scope "function" too.$`,
    ),
  );
});

test("what is no dependency is refused", async () => {
  for (const wrong of [() => 1, {}, null, 5, Date]) {
    expect(await faultOf(() => get("/", { use: { wrong } }, () => 1))).toMatch(
      new RegExp(
        `^NX_DEPENDENCY: GET / ${here} uses "wrong", which is no dependency. Use a dependency, a Service, BackgroundTasks or a context key.$`,
      ),
    );
  }
});

test("a service that nobody provides is named, and who wants it", async () => {
  class Store extends Service {}
  const use = { background: BackgroundTasks, store: Store };
  expect(await faultOf(() => get("/", { use }, () => 1))).toMatch(
    new RegExp(
      `^NX_NOT_PROVIDED: GET / ${here} uses "store". Nothing provides "Store" in plugin "wrong". List the class in`,
    ),
  );
});

test("two routes on one path are refused, and both places are named", async () => {
  class Twice extends Plugin {
    one = typedGet("/users/{id}", () => 1);
    two = typedGet("/users/{user_id}", () => 2);
  }
  expect(await faultOf(Twice)).toMatch(
    new RegExp(
      `^NX_ROUTE_CONFLICT: GET /users/{id} ${here} and GET /users/{user_id} ${here} answer the same requests. Change one of the two paths.$`,
    ),
  );
});

test("two routes on one path of two plugins are refused too", async () => {
  class First extends Plugin {
    users = typedGet("/users", () => 1);
  }
  class Second extends Plugin {
    people = mount("", Users);
  }
  class Users extends Routes {
    list = typedGet("/users", () => 2);
  }
  const error = await TestClient.of([First, Second]).catch((error: unknown) => error);
  const [, one, two] = /\.ts:(\d+)\).*\.ts:(\d+)\)/.exec((error as Error).message) ?? [];
  expect(Number(two)).toBeGreaterThan(Number(one));
});

test("two kinds of parameter that are as specific on one segment are refused", async () => {
  class Equal extends Plugin {
    one = typedGet("/users/{id:int}", () => 1);
    two = typedGet("/users/{id:uuid}/pets", () => 2);
  }
  expect(await faultOf(Equal)).toMatch(
    new RegExp(
      `^NX_ROUTE_CONFLICT: GET /users/{id:int} ${here} and GET /users/{id:uuid}/pets ${here} have equally specific parameters on one segment.`,
    ),
  );
});

test("a path that is not well formed is refused", async () => {
  for (const [path, fault] of [
    ["pets", 'The path "pets" does not start with "/".'],
    ["/{id", 'The path "/{id" has unbalanced braces.'],
    ["/{id:integer}", 'has no converter "integer": use int, float, uuid, path or str.'],
    ["/{}", "has a parameter without a name."],
    ["/{id}/{id}", "has {id} twice."],
    ["/{rest:path}/x", "has {rest:path} before its end."],
    ["/{a}{b}", 'has two parameters in the segment "{a}{b}".'],
  ] as const) {
    const message = await faultOf(() => get(path, () => 1));
    expect(message).toMatch(/^NX_TEMPLATE: /);
    expect(message).toContain(fault);
  }
});

test("a failed plugin leaves the routes of the others as they were", async () => {
  class Good extends Plugin {
    show = typedGet("/good", () => "good");
  }
  class Clashing extends Plugin {
    other = typedGet("/other", () => "other");
    show = typedGet("/good", () => "clash");
  }
  await using client = await TestClient.of([Good, Clashing], { tolerant: true });
  expect(await (await client.get("/good")).json()).toBe("good");
  expect((await client.get("/other")).status).toBe(404);
  const failed = client.app.plugins.plugins.find(({ name }) => name === "clashing");
  expect(failed).toMatchObject({
    state: "failed",
    failure: { error: { code: "NX_ROUTE_CONFLICT" } },
  });
});

/** Code and message of what a plugin, or a plugin with one route, is refused with. */
async function faultOf(subject: PluginClass | (() => unknown)): Promise<string> {
  class Wrong extends Plugin {
    route = (subject as () => unknown)();
  }
  const isPlugin = subject.prototype instanceof Plugin;
  const error: unknown = await TestClient.of(isPlugin ? (subject as PluginClass) : Wrong).then(
    (client) => client.app.close(),
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(NexusError);
  return `${(error as NexusError).code}: ${(error as Error).message}`;
}

test("a word that is nearly one of a spec is told which one, and a list must be a list", () => {
  expect(() => get("/", { boddy: z.string() }, () => 1)).toThrow("Did you mean body?");
  expect(() => get("/", { middleware: "timing" }, () => 1)).toThrow("which is no list");
});

test("a method given by name gets its plugin as this", async () => {
  class Later extends Plugin {
    word = "later";
    // oxlint-disable-next-line typescript/unbound-method
    route = get("/", this.answer);
    answer() {
      return this.word;
    }
  }
  await using client = await TestClient.of(Later);
  expect(await (await client.get("/")).json()).toBe("later");
});
