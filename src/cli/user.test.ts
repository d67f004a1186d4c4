import { afterAll, expect, test, vi } from "vitest";
import { cleanUp, makeFolder, nexus, plugin, type Ran, run } from "../../test/nexus-process.ts";
import { openDatabase } from "../database/index.ts";

// Each command is a process that starts an app.
vi.setConfig({ testTimeout: 30_000 });
afterAll(cleanUp);

/** `nexus user …` as an operator runs it. */
const user = (folder: string, args: readonly string[], input?: string): Promise<Ran> =>
  run(folder, ["user", ...args], input);

const ok = (stdout: string): Ran => ({ code: 0, stdout, stderr: "" });
const failed = (stderr: string | RegExp) => ({
  code: 1,
  stdout: "",
  stderr: expect.stringMatching(stderr),
});
const at = (name: string) => ["--email", `${name}@example.com`];

test("an operator makes an administrator, whose password is shown once", async () => {
  const folder = await makeFolder();
  const made = await user(folder, ["create", "alice", ...at("alice"), "--admin"]);
  expect(made).toEqual(
    ok(expect.stringMatching(/^Created alice\.\nPassword: [\w-]{24}\n$/) as never),
  );
  expect(await user(folder, ["list"])).toEqual(
    ok("alice  alice@example.com  active  administrator\n"),
  );
  const again = await user(folder, ["create", "ALICE", ...at("b")]);
  expect(again).toEqual(failed(/^Username already exists\n$/));
  const [, password] = /Password: (\S+)/.exec(made.stdout)!;
  const running = nexus("start", folder);
  const login = await fetch(`${await running.url()}/auth/login`, {
    method: "POST",
    body: new URLSearchParams({ username: "alice", password: password! }),
  });
  expect(login.status).toBe(200);
});

test("while a server runs, its users are given roles, disabled, and get new passwords", async () => {
  const folder = await makeFolder({
    "plugins/notes.ts": plugin(
      "Notes",
      `static permissions = { "notes:read": "Read notes" };
       static roles = { reader: ["notes:read"] };
       read = get("/read", { permission: "notes:read" }, () => "notes");`,
    ),
  });
  const url = await nexus("start", folder).url();
  const made = await user(
    folder,
    ["create", "bob", ...at("bob"), "--password-stdin"],
    "Horse 777\n",
  );
  expect(made).toEqual(ok("Created bob.\n"));
  const login = async (password: string) => {
    const body = new URLSearchParams({ username: "bob", password });
    const answer = await fetch(`${url}/auth/login`, { method: "POST", body });
    const { access_token = "" } = (await answer.json()) as { access_token?: string };
    return { status: answer.status, headers: { authorization: `Bearer ${access_token}` } };
  };
  const { status, headers } = await login("Horse 777");
  expect(status).toBe(200);
  // What another process has changed is felt within two seconds.
  const answers = (expected: number) =>
    expect
      .poll(async () => (await fetch(`${url}/read`, { headers })).status, { timeout: 5000 })
      .toBe(expected);
  await answers(403);
  expect(await user(folder, ["grant", "bob", "--role", "reader"])).toEqual(
    ok("bob has the role reader.\n"),
  );
  await answers(200);
  const list = await user(folder, ["list", "--role", "reader"]);
  expect(list).toEqual(ok("bob  bob@example.com  active  reader\n"));
  expect(await user(folder, ["revoke", "BOB@example.com", "--role", "reader"])).toEqual(
    ok("bob has no longer the role reader.\n"),
  );
  await answers(403);
  const granted = await user(folder, ["grant", "bob", "--permission", "notes:*"]);
  expect(granted).toEqual(ok("bob has notes:*.\n"));
  await answers(200);

  expect(await user(folder, ["disable", "bob"])).toEqual(ok("Disabled bob.\n"));
  await answers(401);
  expect((await login("Horse 777")).status).toBe(401);
  expect(await user(folder, ["list"])).toEqual(ok("bob  bob@example.com  disabled  notes:*\n"));
  expect(await user(folder, ["enable", "bob"])).toEqual(ok("Enabled bob.\n"));
  const reset = await user(folder, ["reset-password", "bob"]);
  expect(reset.stdout).toMatch(/^Set the password of bob; .*\nPassword: [\w-]{24}\n$/);
  expect((await login(/Password: (\S+)/.exec(reset.stdout)![1]!)).status).toBe(200);

  const db = await openDatabase<{ nexus_audit: Record<string, unknown> }>({
    dataDir: `${folder}/data`,
  });
  const rows = await db
    .selectFrom("nexus_audit")
    .selectAll()
    .where("actor", "=", "command line")
    .orderBy("id")
    .execute();
  await db.destroy();
  expect(rows.map(({ action }) => action)).toEqual([
    "user.created",
    "user.granted",
    "user.revoked",
    "user.granted",
    "user.disabled",
    "user.enabled",
    "user.password_set",
  ]);
  expect(rows[1]!["details"]).toMatchObject({ username: "bob", roles: ["reader"] });
  expect(JSON.stringify(rows)).not.toContain("Horse");
});

test("what cannot be done is said, and the exit code is 1", async () => {
  const folder = await makeFolder();
  await user(folder, ["create", "alice", ...at("alice"), "--admin"]);
  const attempts: [string[], RegExp][] = [
    [["create", "bob"], /required option '--email/],
    [["create", "a b", "--email", "x"], /^The username does not fit: .*\nThe email does not fit: /],
    [
      ["create", "bob", ...at("bob"), "--role", "nope"],
      /^There is no role "nope"\. Known are admin/,
    ],
    [["create", "bob", ...at("bob"), "--permission", "a b"], /^"a b" is no permission/],
    [["create", "bob", ...at("bob"), "--password-stdin"], /found no password/],
    [["disable", "nobody"], /^There is no user "nobody"/],
    [["disable", "alice"], /^This is the last administrator/],
    [["revoke", "alice", "--admin"], /^This is the last administrator/],
    [["revoke", "alice", "--permission", "a:b"], /^alice did not have a:b/],
    [["grant", "alice"], /told nothing to grant/],
    [["grant", "alice", "--permission", "a b"], /^"a b" is no permission/],
    [["lst"], /unknown command 'lst'/],
  ];
  const ran = await Promise.all(attempts.map(([args]) => user(folder, args)));
  for (const [at, [, stderr]] of attempts.entries()) expect(ran[at]).toEqual(failed(stderr));
  const poor = await user(folder, ["create", "bob", ...at("bob"), "--password-stdin"], "short");
  expect(poor).toEqual(failed(/at least 8 characters/));
  expect(await user(folder, ["list", "--search", "bob"])).toEqual(ok(""));
});

test("an app without accounts, or with a passing database, has no users to look after", async () => {
  const without = await makeFolder({ "nexus.config.ts": "export default { accounts: false };" });
  expect(await user(without, ["list"])).toEqual(failed("has no accounts"));
  const passing = await makeFolder({
    "nexus.config.ts": 'export default { settings: { databaseUrl: "sqlite::memory:" } };',
  });
  expect(await user(passing, ["list"])).toEqual(failed("gone when the app stops"));
});
