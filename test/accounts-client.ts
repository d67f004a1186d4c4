import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { settingsKey } from "nexus-platform/config";
import { TestClient, type TestOptions, type TestResponse } from "nexus-platform/testing";

type Plugins = Parameters<typeof TestClient.of>[0];

/** An app with accounts, and the plugins that a test brings. */
export function accountsClient(
  options: TestOptions = {},
  plugins: Plugins = [],
): Promise<TestClient> {
  return TestClient.of(plugins, { accounts: true, ...options });
}

export const password = "Correct horse 7";

export interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly expires_in: number;
}

export function register(
  client: TestClient,
  username: string,
  more: object = {},
): Promise<TestResponse> {
  const body = { username, email: `${username}@example.com`, password, ...more };
  return client.post("/auth/register", { json: body });
}

export function login(
  client: TestClient,
  username: string,
  secret: string = password,
): Promise<TestResponse> {
  return client.post("/auth/login", { form: { username, password: secret } });
}

export function bearer(token: string): { headers: { authorization: string } } {
  return { headers: { authorization: `Bearer ${token}` } };
}

/** Makes a user, and signs them in. */
export async function signedIn(client: TestClient, username: string): Promise<Tokens> {
  await register(client, username);
  return (await (await login(client, username)).json()) as Tokens;
}

/** The letters of the outbox, the oldest first. */
export async function letters(client: TestClient): Promise<string[]> {
  const folder = join(client.app.scope.get(settingsKey).dataDir, "outbox");
  const names = (await readdir(folder).catch((): string[] => [])).toSorted();
  return Promise.all(names.map((name) => readFile(join(folder, name), "utf8")));
}

/** The token of the newest letter of a subject. */
export async function tokenOf(client: TestClient, subject: string): Promise<string> {
  const letter = (await letters(client)).findLast((one) => one.includes(`Subject: ${subject}`));
  const token = /^[\w-]{43}\r?$/m.exec(letter ?? "")?.[0].trim();
  if (!token) throw new Error(`There is no letter "${subject}" with a token.`);
  return token;
}
