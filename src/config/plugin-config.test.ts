import { type } from "arktype";
import * as v from "valibot";
import { expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import type { Schema } from "../validation/index.ts";
import { type ConfigError, type Env, readPluginConfig, secret } from "./index.ts";

const schema = z.object({
  apiKey: secret(z.string().min(8)),
  maxRetries: z.int().min(1).max(10).default(3),
  verbose: z.boolean().default(false),
  hosts: z.array(z.string()).default([]),
  ports: z.array(z.int()).optional(),
  server: z.object({ baseURL: z.string(), timeout: z.number().optional() }).optional(),
  limits: z.record(z.string(), z.int()).optional(),
});
const plugin = "my-plugin";
const apiKey = "abcdefgh";

const read = (values: unknown, env: Env = {}) => readPluginConfig({ plugin, schema, values, env });

async function faultsOf(values: unknown, env: Env = {}, of: Schema | null = schema) {
  const error = await readPluginConfig({ plugin, schema: of ?? undefined, values, env }).catch(
    (e) => e,
  );
  expect(error).toMatchObject({ code: "NX_CONFIG" });
  return (error as ConfigError).faults;
}

test("a plugin's settings come from the config file, checked, complete and frozen", async () => {
  const config = await read({ apiKey, server: { baseURL: "x" } });
  expectTypeOf(config.maxRetries).toBeNumber();
  expect(config).toEqual({
    apiKey,
    maxRetries: 3,
    verbose: false,
    hosts: [],
    server: { baseURL: "x" },
  });
  expect(Object.isFrozen(config) && Object.isFrozen(config.server)).toBe(true);
});

test("the environment wins, and its text is read as what the schema wants", async () => {
  const config = await read(
    { apiKey: "from the file", maxRetries: 9, server: { baseURL: "x", timeout: 1 } },
    {
      NEXUS_MY_PLUGIN__API_KEY: "12345678",
      NEXUS_MY_PLUGIN__MAX_RETRIES: "5",
      NEXUS_MY_PLUGIN__VERBOSE: "yes",
      NEXUS_MY_PLUGIN__HOSTS: "a, b",
      NEXUS_MY_PLUGIN__PORTS: "[1, 2]",
      NEXUS_MY_PLUGIN__SERVER__BASE_URL: "http://a,b",
      NEXUS_MY_PLUGIN__LIMITS: '{"day": 1, "week": 2}',
      NEXUS_MY_PLUGIN__LIMITS__DAY: "7",
      NEXUS_MY: "not ours",
      NEXUS_OTHER__API_KEY: "not ours",
    },
  );
  expect(config).toEqual({
    apiKey: "12345678",
    maxRetries: 5,
    verbose: true,
    hosts: ["a", "b"],
    ports: [1, 2],
    server: { baseURL: "http://a,b", timeout: 1 },
    limits: { day: 7, week: 2 },
  });
});

test("an empty variable, and undefined in the file, are as if they were not there", async () => {
  const env = { NEXUS_MY_PLUGIN__MAX_RETRIES: "" };
  expect(await read({ apiKey, maxRetries: undefined }, env)).toMatchObject({ maxRetries: 3 });
});

test("all faults are told at once, each with its key and where it came from", async () => {
  const faults = await faultsOf(
    { maxRetires: 5, verbose: "maybe", server: { baseUrl: "x" } },
    {
      NEXUS_MY_PLUGIN__MAX_RETRIES: "5x",
      NEXUS_MY_PLUGIN__PORTS: "80,http",
      NEXUS_MY_PLUGIN__LIMITS: "{day: 1}",
      NEXUS_MY_PLUGIN__SERVER__TIMOUT: "1",
      NEXUS_MY_PLUGIN__HOSTS: "[1]",
    },
  );
  expect(faults).toEqual([
    "maxRetires: there is no such setting (from the config file). Did you mean maxRetries?",
    "server.baseUrl: there is no such setting (from the config file). Did you mean baseURL?",
    "limits: Input should be valid JSON (from NEXUS_MY_PLUGIN__LIMITS).",
    expect.stringMatching(/^maxRetries: .*integer.* \(from NEXUS_MY_PLUGIN__MAX_RETRIES\)\.$/),
    expect.stringMatching(/^ports: .*integer.* \(from NEXUS_MY_PLUGIN__PORTS\)\.$/),
    "NEXUS_MY_PLUGIN__SERVER__TIMOUT: there is no such setting. Did you mean NEXUS_MY_PLUGIN__SERVER__TIMEOUT?",
    "apiKey is missing. Give it in the config file, or as NEXUS_MY_PLUGIN__API_KEY.",
    expect.stringMatching(/^verbose: .*boolean.* \(from the config file\)\.$/),
    expect.stringMatching(/^hosts\.0: .*string.* \(from NEXUS_MY_PLUGIN__HOSTS\)\.$/),
    "server.baseURL is missing. Give it in the config file, or as NEXUS_MY_PLUGIN__SERVER__BASE_URL.",
  ]);
  await expect(read({})).rejects.toThrow(
    'The settings of plugin "my-plugin" do not fit:\n  - apiKey is missing.',
  );
});

test("no fault repeats a secret, even when the schema's own message does", async () => {
  const chatty = z
    .object({
      token: secret(z.string().refine(() => false, { error: ({ input }) => `bad: ${input}` })),
    })
    .refine(() => false, {
      error: ({ input }) => `bad: ${JSON.stringify(input)}`,
      when: () => true,
    });
  const faults = await faultsOf({}, { NEXUS_MY_PLUGIN__TOKEN: "open sesame" }, chatty);
  expect(faults).toEqual([
    "token: bad: ******** (from NEXUS_MY_PLUGIN__TOKEN).",
    'bad: {"token":"********"}',
  ]);
});

test("a plugin without settings refuses them", async () => {
  expect(await readPluginConfig({ plugin, schema: undefined, env: {} })).toEqual({});
  expect(await faultsOf({ a: 1 }, { NEXUS_MY_PLUGIN__B: "2" }, null)).toEqual([
    "a: this plugin has no settings. Remove it.",
    "NEXUS_MY_PLUGIN__B: this plugin has no settings. Remove it.",
  ]);
});

test("settings that are not an object are a fault, not a crash", async () => {
  expect(await faultsOf([1])).toContain("The config file must give an object here.");
});

test("a schema may allow keys that it does not name", async () => {
  const open = z.looseObject({ a: z.int() });
  const env = { NEXUS_MY_PLUGIN__B_C: "2" };
  expect(await readPluginConfig({ plugin, schema: open, values: { a: 1, x: 0 }, env })).toEqual({
    a: 1,
    x: 0,
    bC: "2",
  });
});

test("references and alternatives in a schema are followed", async () => {
  const address = z.object({ host: z.string(), port: z.int() }).meta({ id: "ConfigTestAddress" });
  const schema = z.object({ from: address.nullable(), to: z.array(address) });
  const config = await readPluginConfig({
    plugin,
    schema,
    env: {
      NEXUS_MY_PLUGIN__FROM__HOST: "a",
      NEXUS_MY_PLUGIN__FROM__PORT: "1",
      NEXUS_MY_PLUGIN__TO: '[{"host": "b", "port": 2}]',
    },
  });
  expect(config).toEqual({ from: { host: "a", port: 1 }, to: [{ host: "b", port: 2 }] });
});

test("any library's schema will do; one that cannot describe itself gets text", async () => {
  const env = { NEXUS_MY_PLUGIN__MAX_RETRIES: "5" };
  const ark = type({ maxRetries: "number.integer" });
  expect(await readPluginConfig({ plugin, schema: ark, env })).toEqual({ maxRetries: 5 });
  expect(await faultsOf({ maxRetires: 1 }, env, ark)).toHaveLength(1);
  const valibot = v.object({ maxRetries: v.pipe(v.string(), v.transform(Number), v.integer()) });
  expect(await readPluginConfig({ plugin, schema: valibot, env })).toEqual({ maxRetries: 5 });
});

test("an asynchronous schema is awaited", async () => {
  const schema = z.object({ a: z.string().refine(async (text) => text === "x") });
  const ok = await readPluginConfig({ plugin, schema, values: { a: "x" }, env: {} });
  expect(ok).toEqual({ a: "x" });
  expect(await faultsOf({ a: "y" }, {}, schema)).toHaveLength(1);
});

test("the file's own objects are neither changed nor frozen", async () => {
  const values = { apiKey, server: { baseURL: "x" } };
  await read(values, { NEXUS_MY_PLUGIN__SERVER__TIMEOUT: "2" });
  expect(values).toEqual({ apiKey, server: { baseURL: "x" } });
  expect(Object.isFrozen(values.server)).toBe(false);
});
