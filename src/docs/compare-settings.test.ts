import { toStandardJsonSchema } from "@valibot/to-json-schema";
import * as v from "valibot";
import { expect, test } from "vitest";
import { z } from "zod";
import { secret } from "../config/index.ts";
import type { Schema } from "../validation/index.ts";
import { compareSettings } from "./index.ts";

async function changes(
  before: Schema | undefined,
  after: Schema | undefined,
  values?: Readonly<Record<string, unknown>>,
): Promise<string[]> {
  const found = await compareSettings(before, after, values);
  expect(found.every(({ kind }) => kind === "setting")).toBe(true);
  return found.map(({ what, breaking }) => `${breaking ? "! " : ""}${what}`).toSorted();
}

test("settings that come and go are named; nothing breaks while nothing is set", async () => {
  const before = z.object({ host: z.string().default("a"), old: z.string().optional() });
  const after = z.object({ host: z.string().default("b"), port: z.int().default(25) });
  expect(await changes(before, after)).toEqual(["old: no longer read", "port: new"]);
  expect(await changes(before, before)).toEqual([]);
});

test("a setting that is needed now breaks unless it is set", async () => {
  const before = z.object({ host: z.string().optional() });
  const after = z.object({
    host: z.string(),
    key: secret(z.string()),
    smtp: z.object({ user: z.string() }).optional(),
  });
  expect(await changes(before, after, { host: "a" })).toEqual([
    "! key: new and required, but it has no value",
    "host: required now",
    "smtp: new",
  ]);
  expect(await changes(before, after, { host: "a", key: "b", smtp: {} })).toEqual([
    "! smtp.user: it has no value",
    "host: required now",
    "key: new and required",
    "smtp: new",
  ]);
});

test("a value that does not fit any more breaks, and is not repeated", async () => {
  const before = z.object({ size: z.int().max(100), key: secret(z.string()) });
  const after = z.object({ size: z.int().max(50), key: secret(z.string().min(10)) });
  const said = await changes(before, after, { size: 70, key: "hunter2" });
  expect(said).toEqual([
    "! key: now at least 10 characters, but its value does not fit",
    "! size: at most 50, was at most 100, but its value does not fit",
  ]);
  expect(await changes(before, after, { size: 30, key: "long enough" })).toEqual([
    "key: now at least 10 characters",
    "size: at most 50, was at most 100",
  ]);
  // Whatever the schema cannot say.
  const refined = z.object({ size: z.int().max(100), key: z.string() }).refine(() => false);
  expect(await changes(before, refined, { size: 1, key: "a" })).toContain(
    "! all: its value does not fit",
  );
});

test("a setting that is gone breaks while it is set: it would be refused", async () => {
  const before = z.object({ smtp: z.object({ host: z.string(), tls: z.boolean().optional() }) });
  const after = z.object({ smtp: z.object({ host: z.string() }) });
  expect(await changes(before, after, { smtp: { host: "a", tls: false } })).toEqual([
    "! smtp.tls: no longer read, but it is set",
  ]);
  expect(await changes(before, after, { smtp: { host: "a" } })).toEqual([
    "smtp.tls: no longer read",
  ]);
  const strict = z.object({ smtp: z.strictObject({ host: z.string() }) });
  expect(await changes(before, strict, { smtp: { host: "a", tls: true } })).toEqual([
    "! smtp.tls: refused now, but it is set",
  ]);
  expect(await changes(before, strict)).toContain("smtp.tls: refused now");
});

test("a plugin may get settings, or lose all of them", async () => {
  const some = z.object({ host: z.string().optional() });
  expect(await changes(undefined, some)).toEqual(["host: new"]);
  expect(await changes(some, undefined, { host: "a" })).toEqual([
    "! host: refused now, but it is set",
  ]);
  expect(await changes(some, undefined)).toEqual(["host: refused now"]);
  expect(await changes(undefined, undefined)).toEqual([]);
});

test("of a schema that cannot describe itself the values tell", async () => {
  const dumb = v.object({ port: v.number() });
  expect(await changes(z.object({}), dumb, { port: "a" })).toContain(
    "! port: its value does not fit",
  );
  const described = toStandardJsonSchema(v.object({ port: v.number() }));
  expect(await changes(z.object({ port: z.int() }), described, { port: 1 })).toEqual([
    "port: type number, was integer",
  ]);
});
