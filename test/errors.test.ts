import { globSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "..");
const codesIn = (text: string): Set<string> => new Set(text.match(/\bNX_[A-Z0-9_]+\b/g));

test("every error code of the platform has a line in the manual, and every line a code", () => {
  const files = globSync("src/**/*.ts", { cwd: root }).filter((file) => !file.endsWith(".test.ts"));
  const thrown = codesIn(files.map((file) => readFileSync(resolve(root, file), "utf8")).join("\n"));
  const listed = codesIn(readFileSync(resolve(root, "docs/errors.md"), "utf8"));
  expect([...thrown].filter((code) => !listed.has(code))).toEqual([]);
  expect([...listed].filter((code) => !thrown.has(code))).toEqual([]);
});
