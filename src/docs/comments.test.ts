import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { get, mount, Routes } from "../http/index.ts";
import { Plugin } from "../plugin/index.ts";
import { TestClient } from "../testing/index.ts";
import { type Comment, parseComment } from "./comment.ts";
import type { OpenAPIDocument } from "./document.ts";
import { Comments } from "./index.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nexus-comments-"));
});
afterAll(() => rm(folder, { recursive: true }));

let files = 0;
type Declared = Parameters<Comments["of"]>[0][number];
const routeAt = (owner: string, ownMember: string, place: string): Declared =>
  ({ owner, ownMember, place }) as Declared;

/** The comment that is found for a member of a class in a file. */
async function commentIn(
  source: string,
  owner: string,
  member: string,
  { extension = "ts", line = 0 } = {},
): Promise<Comment | undefined> {
  const file = join(folder, `${files++}.${extension}`);
  await writeFile(file, source);
  const route = routeAt(owner, member, `${file}:${line}`);
  return (await new Comments().of([route]))(route);
}

class UserRoutes extends Routes {
  /** List the users of a group. */
  list = get("/users", () => []);
}

class Documented extends Plugin {
  /** Get user by ID. */
  getUser = get("/users/{id}", () => 1);

  /**
   * List users
   * with pagination.
   *
   * This endpoint returns a **paginated** list:
   *
   * - of users
   *   - indented
   *
   * @deprecated since 2.0
   */
  listUsers = get("/users", () => []);

  /** The comment. */
  said = get("/said", { summary: "The spec", description: "More." }, () => 1);

  // No doc comment.
  adminURLOf_user = get("/none", () => 1);

  /** With a decorator below. */
  @get("/decorated")
  decorated() {
    return 1;
  }

  @get("/between")
  /** Between decorator and method. */
  between() {
    return 1;
  }

  groups = mount("/groups", UserRoutes);
}

test("the doc comment above a route is its summary and description", async () => {
  await using client = await TestClient.of(Documented);
  const { paths } = (await (await client.get("/openapi.json")).json()) as OpenAPIDocument;
  const about = (path: string) => {
    const { summary, description, deprecated } = paths[path]!.get!;
    return { summary, description, deprecated };
  };
  const none = { description: undefined, deprecated: undefined };
  expect(about("/users/{id}")).toEqual({ ...none, summary: "Get user by ID." });
  expect(about("/users")).toEqual({
    summary: "List users with pagination.",
    description: "This endpoint returns a **paginated** list:\n\n- of users\n  - indented",
    deprecated: true,
  });
  expect(about("/said")).toEqual({ ...none, summary: "The spec", description: "More." });
  expect(about("/none")).toEqual({ ...none, summary: "Admin URL of user" });
  expect(about("/decorated")).toEqual({ ...none, summary: "With a decorator below." });
  expect(about("/between")).toEqual({ ...none, summary: "Between decorator and method." });
  expect(about("/groups/users")).toEqual({ ...none, summary: "List the users of a group." });
});

test("comments are found in classes of every kind", async () => {
  const body = "{ /** Found. */ a = 1; }";
  const found = { summary: "Found." };
  expect(await commentIn(`class A extends P ${body}`, "A", "a")).toEqual(found);
  expect(await commentIn(`export class A<T> extends P<T> ${body}`, "A", "a")).toEqual(found);
  expect(await commentIn(`export default class A ${body}`, "A", "a")).toEqual(found);
  expect(await commentIn(`export default class extends P ${body}`, "default", "a")).toEqual(found);
  expect(await commentIn(`const A = class extends P ${body}`, "A", "a")).toEqual(found);
  expect(await commentIn(`const A = class B ${body}`, "B", "a")).toEqual(found);
  expect(await commentIn(`function f() { return class A ${body} }`, "A", "a")).toEqual(found);
  expect(await commentIn(`class A ${body}`, "A", "a", { extension: "js" })).toEqual(found);
  expect(await commentIn(`class A { /** Found. */ "a" = 1; }`, "A", "a")).toEqual(found);
});

test("only the nearest doc comment counts, and only right above the member", async () => {
  const source = `class A {
    /** Of another member. */
    static b = 1;
    /** Far. */
    /** Near. */
    c = 1;
    /* No doc comment. */
    d = 1;
    /** Cut off by code. */ e = 1; f = 1;
  }`;
  expect(await commentIn(source, "A", "b")).toBeUndefined();
  expect(await commentIn(source, "A", "c")).toEqual({ summary: "Near." });
  expect(await commentIn(source, "A", "d")).toBeUndefined();
  expect(await commentIn(source, "A", "f")).toBeUndefined();
});

test("of two classes with one name the one at the route's line counts", async () => {
  const source = `function one() { return class A {
    /** One. */
    a = 1;
  } }
  function two() { return class A {
    /** Two. */
    a = 1;
  } }`;
  expect(await commentIn(source, "A", "a", { line: 3 })).toEqual({ summary: "One." });
  expect(await commentIn(source, "A", "a", { line: 7 })).toEqual({ summary: "Two." });
});

test("a route of a parent class has the comment there", async () => {
  const source = "class Parent {\n/** The parent's. */\na = 1;\n}";
  expect(await commentIn(source, "Child", "a", { line: 3 })).toEqual({ summary: "The parent's." });
  expect(await commentIn(source, "Child", "a", { line: 9 })).toBeUndefined();
});

test("a file that cannot be parsed or read has no comments", async () => {
  expect(await commentIn("class A { /** Lost. */ a = ; }", "A", "a")).toBeUndefined();
  const gone = routeAt("A", "a", join(folder, "gone.ts:1"));
  expect((await new Comments().of([gone]))(gone)).toBeUndefined();
});

test("a file that has changed is read again", async () => {
  const comments = new Comments();
  const file = join(folder, "changing.ts");
  const route = routeAt("A", "a", `${file}:1`);
  await writeFile(file, "class A { /** Before. */ a = 1; }");
  expect((await comments.of([route]))(route)).toEqual({ summary: "Before." });
  await writeFile(file, "class A { /** Afterwards. */ a = 1; }");
  expect((await comments.of([route]))(route)).toEqual({ summary: "Afterwards." });
});

test("tags are cut off, and the stars before the lines too", () => {
  expect(parseComment("* One. @param stays in a line.\n * @param a cut\n * cut too\n ")).toEqual({
    summary: "One. @param stays in a line.",
  });
  expect(parseComment("*\n   Without stars.\n\n   ```ts\n     code\n   ```\n")).toEqual({
    summary: "Without stars.",
    description: "```ts\n  code\n```",
  });
  expect(parseComment("*\n * @deprecated\n")).toEqual({ summary: "", deprecated: true });
});
