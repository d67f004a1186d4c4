import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { accountsClient, bearer, login } from "../../test/accounts-client.ts";
import { createLog } from "../log.ts";
import { inject } from "../services.ts";
import { Accounts } from "./index.ts";

async function logged() {
  const lines: string[] = [];
  return { lines, log: createLog({ destination: { write: (line) => lines.push(line) } }) };
}

test("the first start makes the administrator that the settings name, who may everything", async () => {
  const { lines, log } = await logged();
  const admin = { user: "root", password: "Root password 1" };
  await using client = await accountsClient({ settings: { admin }, log });
  const { access_token } = (await (await login(client, "root", admin.password)).json()) as {
    access_token: string;
  };
  const me = await client.get("/auth/me", bearer(access_token));
  expect(await me.json()).toMatchObject({
    username: "root",
    email: "root@localhost",
    roles: ["administrator"],
    permissions: ["*"],
  });
  expect(lines.join("")).toContain('The administrator \\"root\\" was made');
  expect(lines.join("")).not.toContain(admin.password);
});

test("whoever is there already keeps their password", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "nexus-admin-"));
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  const settings = (password: string) => ({
    dataDir,
    databaseUrl: `sqlite:${join(dataDir, "nexus.db")}`,
    admin: { user: "root", password },
  });
  {
    await using client = await accountsClient({ settings: settings("Root password 1") });
    expect((await login(client, "root", "Root password 1")).status).toBe(200);
  }
  const { lines, log } = await logged();
  await using client = await accountsClient({ settings: settings("Root password 2"), log });
  expect((await login(client, "root", "Root password 2")).status).toBe(401);
  expect((await login(client, "root", "Root password 1")).status).toBe(200);
  expect(lines.filter((line) => line.includes("stays as it is"))).toHaveLength(1);
});

test("a poor password of an operator is warned of, and an email may be the name", async () => {
  const { lines, log } = await logged();
  const admin = { user: "root@example.com", password: "root" };
  await using client = await accountsClient({ settings: { admin }, log });
  expect((await login(client, "root@example.com", "root")).status).toBe(200);
  expect(lines.join("")).toContain("NEXUS_ADMIN_PASSWORD is poor");
  const account = await client.app.run(() => inject(Accounts).find("root@example.com"));
  expect(account).toMatchObject({ username: "root@example.com", email: "root@example.com" });
});
