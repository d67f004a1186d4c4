import { expect, test } from "vitest";
import { type Endpoint, get, mount, post, Routes } from "../http/index.ts";
import { Plugin, type PluginClass } from "../plugin/index.ts";
import { TestClient } from "../testing/index.ts";
import { compareGuards, comparePermissions } from "./index.ts";

test("permissions that come, go and allow something else are named", () => {
  const before = { "notes:read": "Read", "notes:write": "Change", "notes:old": "" };
  const after = { "notes:write": "Change and remove", "notes:new": "", "notes:read": "Read" };
  expect(comparePermissions(before, after)).toEqual([
    { kind: "permission", what: 'permission "notes:new": new', breaking: false },
    { kind: "permission", what: 'permission "notes:old": gone', breaking: false },
    {
      kind: "permission",
      what: 'permission "notes:write": "Change and remove", was "Change"',
      breaking: false,
    },
  ]);
  expect(comparePermissions(before, before)).toEqual([]);
});

async function routesOf(plugin: PluginClass): Promise<readonly Endpoint[]> {
  await using client = await TestClient.of(plugin);
  return client.app.routes;
}

class Admin extends Routes {
  stats = get("/stats", { permission: ["a", "b"] }, () => 1);
}
class Before extends Plugin {
  open = get("/open", () => 1);
  list = get("/notes", { permission: "read" }, () => 1);
  byId = get("/notes/{id:int}", { permission: "read" }, () => 1);
  byName = get("/notes/{name}", { permission: "find" }, () => 1);
  role = post("/notes", { role: ["editor", "boss"] }, () => 1);
  admin = mount("/admin", Admin, { role: "boss" });
  gone = get("/gone", { permission: "a" }, () => 1);
  hidden = get("/hidden", { hidden: true }, () => 1);
  other = get("/other/{id:int}", () => 1);
}
class After extends Plugin {
  open = get("/open", { permission: "read" }, () => 1);
  list = get("/notes", { permission: "list" }, () => 1);
  byId = get("/notes/{number:int}", { permission: "read" }, () => 1);
  byName = get("/notes/{title}", { permission: "find" }, () => 1);
  role = post("/notes", { role: ["boss", "editor", "owner"] }, () => 1);
  admin = mount("/admin", Admin);
  fresh = get("/fresh", { permission: "a" }, () => 1);
  hidden = get("/hidden", { hidden: true, role: "boss" }, () => 1);
  other = get("/other/{name}", { permission: "read" }, () => 1);
}

const lines = (before: readonly Endpoint[], after: readonly Endpoint[]) =>
  compareGuards(before, after).map(
    ({ operation, what, breaking }) => `${breaking ? "! " : ""}${operation}: ${what}`,
  );

test("a route that asks for more than before breaks those who have not got it", async () => {
  const [before, after] = [await routesOf(Before), await routesOf(After)];
  expect(lines(before, after).toSorted()).toEqual([
    '! GET /hidden: needs role "boss" now',
    '! GET /notes: needs permission "list" now',
    '! GET /open: needs permission "read" now',
    '! GET /other/{id:int}: needs permission "read" now',
    'GET /admin/stats: needs no longer role "boss"',
    'GET /notes: needs no longer permission "read"',
    'POST /notes: needs no longer role "editor" or role "boss"',
  ]);
  expect(lines(after, before).toSorted()).toEqual([
    '! GET /admin/stats: needs role "boss" now',
    '! GET /notes: needs permission "read" now',
    '! POST /notes: needs role "editor" or role "boss" now',
    'GET /hidden: needs no longer role "boss"',
    'GET /notes: needs no longer permission "list"',
    'GET /open: needs no longer permission "read"',
    'GET /other/{name}: needs no longer permission "read"',
  ]);
  expect(compareGuards(before, before)).toEqual([]);
});
