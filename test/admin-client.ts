import type { TestClient, TestResponse } from "nexus-platform/testing";
import { Accounts, Roles, Sessions } from "../src/accounts/index.ts";
import { inject } from "../src/services.ts";

/** Somebody with an account, and how they ask. */
export interface Somebody {
  readonly id: string;
  readonly username: string;
  readonly token: string;
  readonly ask: (method: string, path: string, json?: object) => Promise<TestResponse>;
}

export interface May {
  readonly roles?: readonly string[];
  readonly permissions?: readonly string[];
}

/** Makes a user who may this, and signs them in; the password is "Correct horse 7". */
export function somebody(
  client: TestClient,
  username: string,
  { roles = [], permissions = [] }: May = {},
): Promise<Somebody> {
  return client.app.run(async () => {
    const password = "Correct horse 7";
    const fields = { username, email: `${username}@example.com`, password };
    const { id } = await inject(Accounts).create(fields);
    if (roles.length) await inject(Roles).setRoles(id, roles);
    if (permissions.length) await inject(Roles).setPermissions(id, permissions);
    const { access_token: token } = await inject(Sessions).signIn(id);
    return { id, username, token, ask: asking(client, token) };
  });
}

/** Asks with a token or an API key. */
export function asking(client: TestClient, token: string): Somebody["ask"] {
  const headers = { authorization: `Bearer ${token}` };
  return (method, path, json) => client.request(method, path, { headers, ...(json && { json }) });
}

/** Status and body at once. */
export async function told(answer: Promise<TestResponse>): Promise<[number, unknown]> {
  const response = await answer;
  const body = await response.text();
  return [response.status, body ? JSON.parse(body) : undefined];
}

/** The newest entry of the audit log, as it stands in the database. */
export async function audited(client: TestClient): Promise<Record<string, unknown>[]> {
  const { Database } = await import("../src/database/index.ts");
  const db = client.app.run(() => inject(Database<{ nexus_audit: Record<string, unknown> }>));
  return db.selectFrom("nexus_audit").selectAll().orderBy("id").execute();
}
