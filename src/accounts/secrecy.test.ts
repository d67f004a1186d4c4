import { expect, test } from "vitest";
import { Database } from "../database/index.ts";
import { createLog } from "../log.ts";
import { inject } from "../services.ts";
import {
  accountsClient,
  bearer,
  login,
  password,
  register,
  signedIn,
  tokenOf,
} from "../../test/accounts-client.ts";
import { loadSecrets } from "../secrets.ts";
import { settingsKey } from "../config/index.ts";
import type { Tables } from "./tables.ts";

test("no password, hash, token or secret is in an answer, a log line, the audit or OpenAPI", async () => {
  const lines: string[] = [];
  const log = createLog({
    level: "trace",
    destination: { write: (line) => lines.push(line) },
  });
  await using client = await accountsClient({ log, docs: {} });
  const answers: string[] = [];
  const ask = async (method: string, path: string, asking: object): Promise<string> => {
    const text = await (await client.request(method, path, asking)).text();
    answers.push(text);
    return text;
  };
  const tokens = await signedIn(client, "alice");
  const mine = bearer(tokens.access_token);
  const wrong = "Wrong horse 7";
  answers.push(await (await register(client, "bob", { password: "Wr0ng" })).text());
  answers.push(await (await register(client, "alice")).text());
  answers.push(await (await login(client, "alice", wrong)).text());
  await ask("GET", "/auth/me", mine);
  await ask("GET", "/auth/sessions", mine);
  await ask("PATCH", "/auth/me", { json: { full_name: "A" }, ...mine });
  await ask("POST", "/auth/me/password", {
    json: { old_password: wrong, new_password: "short" },
    ...mine,
  });
  await ask("POST", "/auth/password/forgot", { json: { email: "alice@example.com" } });
  const reset = await tokenOf(client, "Reset your password");
  await ask("POST", "/auth/password/reset", { json: { token: `${reset}x`, password: "Wr0ng" } });
  await ask("POST", "/auth/refresh", { json: { refresh_token: "x".repeat(300) } });
  await ask("GET", "/openapi.json", {});
  const [secret] = await loadSecrets(client.app.scope.get(settingsKey));
  const { hashes, audit } = await client.app.run(async () => {
    const db = inject(Database<Tables>);
    const users = await db.selectFrom("nexus_users").select("password_hash").execute();
    const refresh = await db.selectFrom("nexus_refresh_tokens").select("hash").execute();
    const rows = await db.selectFrom("nexus_audit").selectAll().execute();
    return {
      hashes: [...users.map((row) => row.password_hash), ...refresh.map(({ hash }) => hash)],
      audit: JSON.stringify(rows),
    };
  });
  const all = [...answers, ...lines, audit].join("\n");
  expect(audit).toContain("auth.login");
  expect(all).not.toContain("argon2id");
  for (const hidden of [password, wrong, "Wr0ng", reset, secret!, ...hashes])
    expect(all.includes(hidden), hidden).toBe(false);
  for (const token of [tokens.access_token, tokens.refresh_token])
    expect(all.includes(token)).toBe(false);
});

test("what is stored of a token cannot be used in its place", async () => {
  await using client = await accountsClient();
  await signedIn(client, "alice");
  const { hash } = await client.app.run(() =>
    inject(Database<Tables>)
      .selectFrom("nexus_refresh_tokens")
      .select("hash")
      .executeTakeFirstOrThrow(),
  );
  const answer = await client.post("/auth/refresh", { json: { refresh_token: hash } });
  expect(answer.status).toBe(401);
});

test("every route of accounts is described, with the schemas' names", async () => {
  await using client = await accountsClient({ docs: {} });
  const document = (await (await client.get("/openapi.json")).json()) as {
    paths: Record<string, Record<string, { summary: string; tags: string[] }>>;
    components: { schemas: Record<string, object> };
  };
  const found = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([method, { tags }]) =>
      tags.includes("Auth") ? `${method} ${path}` : [],
    ),
  );
  expect(found).toEqual(
    expect.arrayContaining([
      "post /auth/login",
      "post /auth/refresh",
      "post /auth/logout",
      "post /auth/session",
      "delete /auth/session",
      "post /auth/register",
      "get /auth/me",
      "patch /auth/me",
      "delete /auth/me",
      "post /auth/me/password",
      "post /auth/password/forgot",
      "post /auth/password/reset",
      "post /auth/email/verify",
      "post /auth/email/verification",
      "get /auth/sessions",
      "delete /auth/sessions/{session_id}",
    ]),
  );
  const { schemas } = document.components;
  expect(Object.keys(schemas)).toEqual(
    expect.arrayContaining(["Account", "Me", "Tokens", "Register", "Session", "CookieSession"]),
  );
  expect(JSON.stringify(schemas["Register"])).toContain('"writeOnly":true');
});
