import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { namePages, writeSnippets } from "./snippets.ts";

/** Everything that must hold, in one run: `npm test`, or `npm test -- router` for some of the tests. */

interface VitestReport {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  testResults: { status: string; assertionResults: unknown[] }[];
}
interface Step {
  readonly title: string;
  readonly code: number;
  readonly output: string;
  readonly seconds: number;
}

process.chdir(join(import.meta.dirname, ".."));
const temp = mkdtempSync(join(tmpdir(), "nexus-test-"));
const reportFile = join(temp, "vitest.json");
const snippetCount = writeSnippets();

const tests = run("tests", "vitest/vitest.mjs", [
  "run",
  "--reporter=default",
  "--reporter=json",
  `--outputFile.json=${reportFile}`,
  ...process.argv.slice(2),
]);
const checks = [
  run(`types, with ${snippetCount} snippets of the manual`, "typescript/bin/tsc", ["--noEmit"]),
  run("lint", "oxlint/bin/oxlint", []),
  run("format (npm run format mends it)", "oxfmt/bin/oxfmt", ["--check", "."]),
];
let passed = 0;
let failed = 0;
let skipped = 0;

for (const check of checks) {
  const step = await check;
  show(step);
  if (step.code === 0) passed++;
  else failed++;
}
const step = await tests;
show(step);
countTests(step);
rmSync(temp, { recursive: true, force: true });

console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exitCode = failed > 0 ? 1 : 0;

/** Output goes to a file, not a pipe: a process that a test leaves behind cannot keep us waiting. */
function run(title: string, tool: string, args: string[]): Promise<Step> {
  const started = performance.now();
  const log = join(temp, `${tool.replaceAll("/", "-")}.log`);
  const out = openSync(log, "w");
  const child = spawn(process.execPath, [join("node_modules", tool), ...args], {
    stdio: ["ignore", out, out],
    env: { ...process.env, CI: "true" },
  });
  return new Promise((resolve) => {
    const finish = (code: number, note = "") => {
      closeSync(out);
      const output = stripVTControlCharacters(readFileSync(log, "utf8")) + note;
      resolve({ title, code, output, seconds: (performance.now() - started) / 1000 });
    };
    child.once("error", (error) => finish(1, error.message));
    child.once("exit", (code, signal) => finish(code ?? 1, signal ? `ended by ${signal}` : ""));
  });
}

function show({ title, code, output, seconds }: Step): void {
  console.log(`\n== ${title}: ${code === 0 ? "ok" : "FAILED"} (${seconds.toFixed(1)} s)`);
  if (code !== 0 || title === "tests")
    console.log(
      namePages(output)
        .replace(/^JSON report.*\n/m, "")
        .trim(),
    );
}

/** A file that does not load, an error outside of any test and an empty run are failures as well. */
function countTests({ code }: Step): void {
  if (!existsSync(reportFile)) {
    failed++;
    return;
  }
  const report = JSON.parse(readFileSync(reportFile, "utf8")) as VitestReport;
  const unloaded = report.testResults.filter(
    (file) => file.status === "failed" && file.assertionResults.length === 0,
  ).length;
  const failures = report.numFailedTests + unloaded;
  passed += report.numPassedTests;
  skipped += report.numPendingTests + report.numTodoTests;
  const none = report.numPassedTests + failures === 0;
  failed += failures === 0 && (code !== 0 || none) ? 1 : failures;
}
