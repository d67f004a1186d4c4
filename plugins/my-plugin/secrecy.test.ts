import { createLog } from "nexus-platform/log";
import { TestClient } from "nexus-platform/testing";
import { expect, test } from "vitest";
import config from "../../nexus.config.ts";
import MyPlugin from "./index.ts";
import { User } from "./schemas.ts";
import { aUser } from "./test-user.ts";

test("a password is in no answer, no error and no log line, and a hash neither", async () => {
  const seen: string[] = [];
  const log = createLog({
    level: "trace",
    destination: { write: (line) => seen.push(line) },
  });
  const middleware = config.middleware ?? [];
  await using client = await TestClient.of(MyPlugin, {
    accounts: true,
    log,
    middleware,
    raiseErrors: false,
  });
  const ask = async (method: string, path: string, json?: object) => {
    const response = await client.request(method, `/my-plugin${path}`, json ? { json } : {});
    seen.push(await response.text(), JSON.stringify([...response.headers]));
    return response;
  };
  // Bad ones of each kind, each with the secret in it.
  for (const password of ["hunter2", "hunter2hunter2", "HUNTER2HUNTER2", "Hunter-Hunter"])
    await ask("POST", "/users", aUser("alice", { password }));
  await ask("POST", "/users", aUser("alice", { password: { hunter2: "hunter2" } }));
  await ask("POST", "/users", aUser("alice", { password: ["hunter2"] }));
  // A good one, once created and once in conflict, and wherever the user is shown.
  const created = await ask("POST", "/users", aUser("alice", { password: "Hunter2-Hunter2" }));
  const { user_id } = await created.json(User);
  await ask("POST", "/users", aUser("alice", { password: "Hunter2-Hunter2" }));
  await ask("POST", "/organised/users", aUser("alice", { password: "Hunter2-Hunter2" }));
  await ask("PUT", `/users/${user_id}`, { password: "Hunter2-Hunter3", full_name: "Alice" });
  for (const path of ["", "/standardized", "/or-error"])
    await ask("GET", `/users/${user_id}${path}`);
  for (const path of ["/users", "/organised/users", "/search?query=alice"]) await ask("GET", path);
  expect(seen.length).toBeGreaterThan(30);
  expect(seen.filter((line) => /hunter|argon2|password_hash/i.test(line))).toEqual([]);
});
