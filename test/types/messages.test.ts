import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const lines = readFileSync(join(import.meta.dirname, "wrong.ts"), "utf8").split("\n");
const directive = "// @ts-expect-error";

test("the compiler says of each mistake in wrong.ts what stands above it", async () => {
  const said = await compile(lines.map((line) => line.replace(directive, "//")).join("\n"));
  const told = lines.flatMap((line, at) => {
    if (line.trim() !== directive) return [];
    const comment = lines[at - 1]!.trim().slice("// ".length);
    const message = said.get(at + 2) ?? "nothing";
    const fits = comment.endsWith("…")
      ? message.startsWith(comment.slice(0, -1))
      : message === comment;
    return fits ? [] : [{ line: at + 2, comment, message }];
  });
  expect(said.size).toBeGreaterThan(70);
  expect(told).toEqual([]);
}, 60_000);

/** The first line of the first error at each line. */
async function compile(code: string): Promise<Map<number, string>> {
  // Not in a folder that the type check of the whole package reads.
  mkdirSync(join(root, "data"), { recursive: true });
  const folder = mkdtempSync(join(root, "data/types-"));
  const config = { extends: "../../tsconfig.json", files: ["wrong.ts"], include: [] };
  writeFileSync(join(folder, "wrong.ts"), code);
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  try {
    const output = await run(["--noEmit", "--pretty", "false", "-p", folder]);
    const errors = output.matchAll(/^\S*wrong\.ts\((\d+),\d+\): error TS\d+: (.*)$/gm);
    const said = new Map<number, string>();
    for (const [, line, message] of errors)
      if (!said.has(Number(line))) said.set(Number(line), message!);
    return said;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function run(args: readonly string[]): Promise<string> {
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  return new Promise((done) => {
    // It finds mistakes, as it should: its exit code says nothing.
    execFile(process.execPath, [tsc, ...args], { cwd: root, maxBuffer: 1e8 }, (_, out) =>
      done(out),
    );
  });
}
