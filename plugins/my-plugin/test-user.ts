import type { TestClient, TestOptions } from "nexus-platform/testing";
import { z } from "zod";
import { User } from "./schemas.ts";

const password = "Correct-Horse-1";

/** What a test sends to create somebody of this name. */
export function aUser(username: string, more: object = {}): object {
  return { username, email: `${username}@example.com`, password, ...more };
}

/** Creates somebody of this name, and gives back what the client got. */
export async function createTestUser(
  client: TestClient,
  username = "alice",
  more: object = {},
): Promise<User> {
  const response = await client.post("/my-plugin/users", { json: aUser(username, more) });
  if (response.status !== 201) throw new Error(await response.text());
  return response.json(User);
}

/** What a request sends whose sender has signed in. */
export interface SignedIn {
  readonly headers: { readonly authorization: string };
}

export async function signIn(client: TestClient, username: string): Promise<SignedIn> {
  const response = await client.post("/auth/login", { form: { username, password } });
  if (response.status !== 200) throw new Error(await response.text());
  const { access_token } = await response.json(z.object({ access_token: z.string() }));
  return { headers: { authorization: `Bearer ${access_token}` } };
}

/** Of an app whose administrator is called root. */
export const withRoot: TestOptions = {
  accounts: true,
  env: { NEXUS_ADMIN_USER: "root", NEXUS_ADMIN_PASSWORD: password },
};
