import type { TestClient } from "nexus-platform/testing";
import { User } from "./schemas.ts";

/** What a test sends to create somebody of this name. */
export function aUser(username: string, more: object = {}): object {
  return { username, email: `${username}@example.com`, password: "Correct-Horse-1", ...more };
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
