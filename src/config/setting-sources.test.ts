import { expect, test } from "vitest";
import { z } from "zod";
import { readPluginConfig, settingSources } from "./index.ts";

const schema = z.object({
  apiKey: z.string(),
  retries: z.int().default(3),
  word: z.string().default("a"),
  mail: z.object({ host: z.string() }).default({ host: "x" }),
});
const source = {
  plugin: "my-plugin",
  schema,
  values: { apiKey: "file", word: "file", retries: 1 },
  stored: { word: "stored", retries: 2 },
  env: { NEXUS_MY_PLUGIN__RETRIES: "5", NEXUS_MY_PLUGIN__MAIL__HOST: "y" },
};

test("what is stored stands over the file, and the environment over both", async () => {
  expect(await readPluginConfig(source)).toEqual({
    apiKey: "file",
    word: "stored",
    retries: 5,
    mail: { host: "y" },
  });
  expect(settingSources(source)).toEqual({
    apiKey: "file",
    word: "stored",
    retries: "environment",
    mail: "environment",
  });
  expect(settingSources({ ...source, values: undefined, stored: {}, env: {} })).toMatchObject({
    apiKey: "default",
  });
});

test("a fault of what is stored says where it is from", async () => {
  const stored = { word: 7, wrod: "b" };
  await expect(readPluginConfig({ ...source, stored, env: {} })).rejects.toThrow(
    /wrod: there is no such setting \(from the stored settings\)\. Did you mean word\?[^]*word: .*\(from the stored settings\)/,
  );
  const none = { ...source, schema: undefined, values: {}, env: {} };
  await expect(readPluginConfig(none)).rejects.toThrow("word: this plugin has no settings");
  expect(settingSources(none)).toEqual({});
});
