import { TestClient } from "nexus-platform/testing";
import { expect, test } from "vitest";
import MyPlugin from "./index.ts";
import { UserPage } from "./schemas.ts";
import { createTestUser } from "./test-user.ts";

async function list(client: TestClient, query: Record<string, string | number | boolean> = {}) {
  const response = await client.get("/my-plugin/users", { query });
  const { users, pagination } = await response.json(UserPage);
  return { names: users.map(({ username }) => username), pagination };
}

test("without users there are no pages", async () => {
  await using client = await TestClient.of(MyPlugin, { accounts: true });
  expect(await list(client)).toEqual({
    names: [],
    pagination: { page: 1, per_page: 20, total: 0, pages: 0, has_next: false, has_prev: false },
  });
});

test("users are listed page by page, the oldest first", async () => {
  await using client = await TestClient.of(MyPlugin, { accounts: true });
  const names = ["zoe", "adam", "mia", "ben", "eva"];
  for (const name of names) await createTestUser(client, name);
  expect(await list(client)).toEqual({
    names,
    pagination: { page: 1, per_page: 20, total: 5, pages: 1, has_next: false, has_prev: false },
  });
  expect(await list(client, { page: 2, per_page: 2 })).toEqual({
    names: ["mia", "ben"],
    pagination: { page: 2, per_page: 2, total: 5, pages: 3, has_next: true, has_prev: true },
  });
  expect(await list(client, { page: 3, per_page: 2 })).toEqual({
    names: ["eva"],
    pagination: { page: 3, per_page: 2, total: 5, pages: 3, has_next: false, has_prev: true },
  });
});

test("a page beyond the end is empty, however large its number", async () => {
  await using client = await TestClient.of(MyPlugin, { accounts: true });
  await createTestUser(client);
  for (const page of [2, 2 ** 53 - 1]) {
    expect(await list(client, { page, per_page: 100 })).toEqual({
      names: [],
      pagination: { page, per_page: 100, total: 1, pages: 1, has_next: false, has_prev: true },
    });
  }
});

test("a search looks into username, email and full name, in any case", async () => {
  await using client = await TestClient.of(MyPlugin, { accounts: true });
  await createTestUser(client, "zoë", { email: "one@x.y" });
  await createTestUser(client, "adam", { email: "Zoe@X.y", full_name: "Ada M." });
  await createTestUser(client, "mia", { email: "two@x.y", full_name: "Ärztin ZOË" });
  const search = async (term: string) => (await list(client, { search: term })).names;
  expect(await search("ZOË")).toEqual(["zoë", "mia"]);
  expect(await search("zoe")).toEqual(["adam"]);
  expect(await search("ärzt")).toEqual(["mia"]);
  expect(await search("@x.")).toEqual(["zoë", "adam", "mia"]);
  expect(await search("nobody")).toEqual([]);
  expect(await search("")).toEqual(["zoë", "adam", "mia"]);
});

test("what SQL reads as a wildcard, or worse, is only text in a search", async () => {
  await using client = await TestClient.of(MyPlugin, { accounts: true });
  await createTestUser(client, "a_b", { full_name: "100% \\ sure" });
  await createTestUser(client, "acb", { full_name: "O'Neil" });
  const search = async (term: string) => (await list(client, { search: term })).names;
  expect(await search("%")).toEqual(["a_b"]);
  expect(await search("_")).toEqual(["a_b"]);
  expect(await search("\\")).toEqual(["a_b"]);
  expect(await search("0% \\ s")).toEqual(["a_b"]);
  expect(await search("a_b")).toEqual(["a_b"]);
  expect(await search("'")).toEqual(["acb"]);
  expect(await search("' or 1=1 --")).toEqual([]);
  expect(await search("'; drop table nexus_users; --")).toEqual([]);
  expect(await search("\0")).toEqual([]);
  expect(await search("a\0")).toEqual([]);
  expect((await list(client)).names).toEqual(["a_b", "acb"]);
});

test("active and inactive users are told apart, together with a search", async () => {
  await using client = await TestClient.of(MyPlugin, { accounts: true });
  await createTestUser(client, "adam");
  const { user_id } = await createTestUser(client, "eva");
  await client.put(`/my-plugin/users/${user_id}`, { json: { active: false } });
  const names = async (query: Record<string, string>) => (await list(client, query)).names;
  expect(await names({ active: "yes" })).toEqual(["adam"]);
  expect(await names({ active: "off" })).toEqual(["eva"]);
  expect(await names({ active: "off", search: "a@" })).toEqual(["eva"]);
  expect(await names({ active: "off", search: "adam" })).toEqual([]);
  const { total, pages } = (await list(client, { active: false, per_page: 1 })).pagination;
  expect([total, pages]).toEqual([1, 1]);
});

test("a query that does not fit is refused, with all its faults", async () => {
  await using client = await TestClient.of(MyPlugin, { accounts: true });
  const query = { page: 0, per_page: 101, active: "maybe", search: "x".repeat(201) };
  const response = await client.get("/my-plugin/users", { query });
  expect(response.status).toBe(422);
  expect(await response.json()).toMatchObject({
    detail: "4 validation errors",
    errors: [
      { loc: ["query", "page"], type: "greater_than_equal", ctx: { ge: 1 } },
      { loc: ["query", "per_page"], type: "less_than_equal", ctx: { le: 100 } },
      { loc: ["query", "search"], type: "string_too_long" },
      { loc: ["query", "active"], type: "bool_parsing" },
    ],
  });
});
