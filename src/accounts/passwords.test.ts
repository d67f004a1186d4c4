import { expect, test } from "vitest";
import { Passwords } from "./passwords.ts";

const passwords = new Passwords();

test("a hash says how it was made, and is never the same twice", async () => {
  const [one, other] = await Promise.all([passwords.hash("Correct1"), passwords.hash("Correct1")]);
  expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
  expect(one).not.toBe(other);
});

test("a hash is verified by its own password alone", async () => {
  const stored = await passwords.hash("Correct1 😀");
  expect(await passwords.verify("Correct1 😀", stored)).toBe(true);
  expect(await passwords.verify("Correct1 😁", stored)).toBe(false);
  expect(await passwords.verify("", stored)).toBe(false);
});

test("a hash that was made elsewhere, at another cost, is verified too", async () => {
  // From the tests of the reference implementation, phc-winner-argon2.
  const stored =
    "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
  expect(await passwords.verify("password", stored)).toBe(true);
  expect(await passwords.verify("Password", stored)).toBe(false);
  await expect(passwords.verify("password", "plain text")).rejects.toThrow("no argon2id hash");
});

test("many passwords at once are hashed in turns", async () => {
  const hashes = await Promise.all(Array.from({ length: 8 }, () => passwords.hash("Correct1")));
  expect(new Set(hashes).size).toBe(8);
});

test("nobody's password is never right", async () => {
  expect(await passwords.verify("", undefined)).toBe(false);
});
