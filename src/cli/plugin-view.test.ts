import { expect, test } from "vitest";
import { planText } from "./plugin-plan-view.ts";
import { detailsOf, rowsOf, type ToldPlugin } from "./plugin-view.ts";

const at = "2026-01-02T03:04:05.000Z";
const plain: ToldPlugin = {
  name: "notes",
  version: "1.0.0",
  origin: "installed",
  state: "started",
  since: at,
  enabled: true,
  versions: ["1.0.0"],
  needs: {},
  needed_by: [],
  routes: [],
  permissions: {},
  requests: 3,
  faults: 1,
};

test("a list has a line a plugin, with what is special about it", () => {
  const failure = { step: "start", reason: "no\n\u001b[31mdisk" };
  const plugins: ToldPlugin[] = [
    { ...plain, title: "Notes", description: "Keeps notes" },
    { ...plain, name: "b", description: "Keeps\tb" },
    { ...plain, name: "c", state: "failed", failure, title: "C" },
    { ...plain, name: "d", state: "stopped", enabled: false },
    { ...plain, name: "e", state: "stopping", enabled: false },
    { ...plain, name: "f", watched_until: at, title: "F" },
  ];
  expect(rowsOf(plugins)).toBe(
    [
      "notes  1.0.0  started   installed  Notes",
      "b      1.0.0  started   installed  Keeps b",
      "c      1.0.0  failed    installed  start: no [31mdisk",
      "d      1.0.0  disabled  installed",
      "e      1.0.0  stopping  installed",
      `f      1.0.0  started   installed  watched until ${at}`,
      "",
    ].join("\n"),
  );
});

test("the details leave out what there is nothing to say of", () => {
  expect(detailsOf(plain)).toBe(
    [
      "name       notes",
      "version    1.0.0",
      "installed  1.0.0",
      "origin     installed",
      `state      started since ${at}`,
      "requests   3, faults 1",
      "",
    ].join("\n"),
  );
  expect(
    detailsOf({
      ...plain,
      title: "Notes",
      description: "Keeps notes",
      folder: "/data/notes",
      versions: ["1.1.0", "1.0.0"],
      previous: { version: "0.9.0" },
      state: "failed",
      failure: { step: "config", reason: "key is missing" },
      retry_at: at,
      needs: { auth: "^1.0.0", mail: "*" },
      needed_by: ["shop", "blog"],
      routes: [
        { method: "GET", path: "/notes" },
        { method: "DELETE", path: "/notes/{id}" },
      ],
      permissions: { "notes:read": "Read\u0007 notes" },
      watched_until: at,
      last_upgrade: { from: "0.9.0", to: "1.0.0", at, outcome: "rolled back", reason: "unwell" },
    }),
  ).toBe(
    [
      "name           notes",
      "title          Notes",
      "about          Keeps notes",
      "version        1.0.0",
      "installed      1.1.0, 1.0.0",
      "previous       0.9.0",
      "origin         installed",
      "folder         /data/notes",
      `state          failed since ${at}`,
      "failed         config: key is missing",
      `retry at       ${at}`,
      "needs          auth ^1.0.0, mail *",
      "needed by      shop, blog",
      "requests       3, faults 1",
      `watched until  ${at}`,
      `last upgrade   0.9.0 → 1.0.0 at ${at}: rolled back, unwell`,
      "",
      "Routes",
      "  GET     /notes",
      "  DELETE  /notes/{id}",
      "",
      "Permissions",
      "  notes:read  Read notes",
      "",
    ].join("\n"),
  );
  expect(detailsOf({ ...plain, previous: {} })).toContain("previous   other settings\n");
});

const nothing = {
  plugin: "notes",
  from: "1.0.0",
  to: "2.0.0",
  routes: [],
  permissions: [],
  settings: [],
  migrations: { expand: [], pending: [], ahead: [] },
  breaking: false,
  needs_stop: false,
  faults: [],
};

test("a plan says first what breaks clients, each with its route, and last what has to be said", () => {
  expect(planText(nothing)).toBe(
    "notes 1.0.0 → 2.0.0\n\nNothing that can be seen from outside changes.\n",
  );
  const operation = {
    kind: "operation",
    operation: "GET /new",
    what: "new",
    breaking: false,
  } as const;
  expect(
    planText({
      ...nothing,
      routes: [operation, { ...operation, operation: "GET /old", what: "gone", breaking: true }],
      permissions: [{ kind: "permission", what: "notes:write: new", breaking: false }],
      settings: [{ kind: "setting", what: "key: required now", breaking: true }],
      migrations: {
        expand: [
          {
            name: "2",
            statements: ["create table b", "drop\ntable a"],
            contract: ["drop table c"],
            obstacles: [{ statement: "drop\ntable a", reason: 'drops "a"' }],
            stoppedBy: "no rows",
          },
        ],
        pending: ["1"],
        ahead: [{ name: "9", reason: 'it drops "z"' }],
      },
      breaking: true,
      needs_stop: true,
      faults: ["It needs auth"],
    }),
  ).toBe(
    [
      "notes 1.0.0 → 2.0.0",
      "",
      "It cannot be started",
      "  It needs auth",
      "",
      "Breaks clients",
      "  GET /old  gone",
      "",
      "Routes",
      "  GET /new  new",
      "",
      "Permissions",
      "  notes:write: new",
      "",
      "Settings",
      "  breaking: key: required now",
      "",
      "Migrations",
      '  9  has run, and is not known to it: it drops "z"',
      "  2  create table b",
      '  2  not additive, it drops "a": drop table a',
      "  2  and more that cannot be foreseen: no rows",
      "  2  when it is finalized: drop table c",
      "  1  waits for nexus plugin finalize",
      "",
      "It needs --allow-breaking and --stop.",
      "",
    ].join("\n"),
  );
  expect(planText({ ...nothing, routes: [operation] })).toBe(
    "notes 1.0.0 → 2.0.0\n\nRoutes\n  GET /new  new\n",
  );
});
