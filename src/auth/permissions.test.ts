import { expect, test } from "vitest";
import { allows } from "./index.ts";

test.each([
  [["users:read"], "users:read", true],
  [["users:read"], "users:write", false],
  [["users:*"], "users:read", true],
  [["users:*"], "users:read:own", true],
  [["users:*"], "users", false],
  [["users:*"], "usersx:read", false],
  [["users:read:*"], "users:read:own", true],
  [["users:read:*"], "users:write", false],
  [["*"], "anything:at:all", true],
  [["*"], "users:*", true],
  [["users:read"], "users:*", false],
  [["Users:read"], "users:read", false],
  [["users:*"], "USERS:READ", false],
  [["*:read"], "users:read", false],
  [["users*"], "users:read", false],
  [["users:r*"], "users:read", false],
  [["users:**"], "users:read", false],
  [["us.rs:read"], "users:read", false],
  [["a", "b:*", "c"], "b:x", true],
  [[], "users:read", false],
  [[""], "users:read", false],
])("%j grants %s: %s (A6)", (granted, wanted, expected) => {
  expect(allows(granted, wanted)).toBe(expected);
  expect(allows(new Set(granted), wanted)).toBe(expected);
});
