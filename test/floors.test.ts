import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseSync } from "oxc-parser";
import { expect, test } from "vitest";

/** Top to bottom. A module imports what stands below it, types included. */
const floors = [
  ["index"],
  ["testing"],
  ["cli"],
  ["app"],
  ["admin", "lifecycle", "docs", "accounts"],
  ["plugin"],
  ["tasks", "storage", "database"],
  ["http", "transport"],
  ["ratelimit", "auth", "background", "middleware"],
  ["dependency"],
  ["context"],
  ["message"],
  ["zod"],
  [
    "shape",
    "validation",
    "events",
    "services",
    "scope",
    "ending",
    "waiting",
    "drafts",
    "commit",
    "mail",
    "log",
    "log-tail",
    "config",
    "call-site",
    "decoration",
    "secrets",
    "semver",
    "exceptions",
  ],
];
/** Who may import whom on the same floor. */
const neighbours = [
  "ratelimit → auth",
  "admin → accounts",
  "admin → lifecycle",
  "lifecycle → docs",
  "shape → validation",
  "validation → exceptions",
  "events → services",
  "events → scope",
  "events → validation",
  "events → log",
  "events → exceptions",
  "log → services",
  "log → scope",
  "log → exceptions",
  "log → log-tail",
  "log-tail → waiting",
  "mail → services",
  "mail → scope",
  "mail → config",
  "mail → exceptions",
  "services → exceptions",
  "services → scope",
  "scope → exceptions",
  "ending → scope",
  "ending → waiting",
  "tasks → database",
  "secrets → config",
  "secrets → log",
  "secrets → exceptions",
  "config → exceptions",
  "config → services",
  "config → scope",
  "config → validation",
];

const src = resolve(import.meta.dirname, "../src");
const files = globSync("**/*.{ts,tsx}", { cwd: src }).map((file) => file.replaceAll("\\", "/"));
const imports = new Map(files.map((file) => [file, importsOf(file)]));

test("every module of src stands on a floor", () => {
  const strangers = files.filter((file) => floorOf(file) === -1);
  expect(strangers, "add the module to the list of floors, or put it where it belongs").toEqual([]);
});

test("CONTRIBUTING tells the same floors, and README knows each module", () => {
  const guide = readFileSync(join(src, "../CONTRIBUTING.md"), "utf8");
  const [, table = ""] =
    /\| floor \| modules \|\n\| --- \| --- \|\n((?:\|.*\n)+)/.exec(guide) ?? [];
  const told = table
    .trim()
    .split("\n")
    .map((row) => row.split("|")[2]!.trim().split(", ").toSorted());
  expect(told).toEqual(floors.map((floor) => floor.toSorted()));
  const readme = readFileSync(join(src, "../README.md"), "utf8");
  const [, layout = ""] = /```\nsrc\/\n([\s\S]*?)```/.exec(readme) ?? [];
  const words = new Set(layout.match(/[a-z]+(?:-[a-z]+)*/g));
  expect(floors.flat().filter((module) => !words.has(module))).toEqual([]);
});

test("imports go down", () => {
  const faults: string[] = [];
  for (const [file, targets] of imports) {
    if (file.endsWith(".test.ts")) continue;
    for (const target of targets) {
      const pair = `${moduleOf(file)} → ${moduleOf(target)}`;
      const step = floorOf(target) - floorOf(file);
      if (target.startsWith("nexus-platform")) {
        faults.push(`${file} → ${target}: inside src, import the file`);
      } else if (step < 0) {
        faults.push(`${file} → ${target}: upward, ${pair}`);
      } else if (step === 0 && moduleOf(file) !== moduleOf(target) && !neighbours.includes(pair)) {
        faults.push(`${file} → ${target}: ${pair} is not on the list of neighbours`);
      }
    }
  }
  expect(faults).toEqual([]);
});

test("no imports run in a ring", () => {
  const rings: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, path: string[]) => {
    if (path.includes(file)) rings.push([...path.slice(path.indexOf(file)), file].join(" → "));
    if (done.has(file) || path.includes(file)) return;
    for (const target of imports.get(file) ?? []) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  expect(rings).toEqual([]);
});

test("no file is longer than 300 lines", () => {
  const long = files
    .map((file) => ({ file, lines: read(file).trimEnd().split("\n").length }))
    .filter(({ lines }) => lines > 300)
    .map(({ file, lines }) => `${file}: ${lines} lines`);
  expect(long, "a file is one concept: which second one is in it?").toEqual([]);
});

function read(file: string): string {
  return readFileSync(join(src, file), "utf8");
}

/** Files of src as paths, this package's own doors as they are written; `export … from` counts too. */
function importsOf(file: string): string[] {
  const code = read(file);
  const { module } = parseSync(file, code);
  const written = [
    ...module.staticImports.map((found) => found.moduleRequest.value),
    ...module.staticExports.flatMap((found) => found.entries.map((e) => e.moduleRequest?.value)),
    ...module.dynamicImports.map(({ moduleRequest: { start, end } }) =>
      code.slice(start + 1, end - 1),
    ),
  ];
  return [...new Set(written)].flatMap((name) => {
    if (name === undefined || /^nexus-platform(\/|$)/.test(name)) return name ?? [];
    const target = join(dirname(file), name).replaceAll("\\", "/");
    return name.startsWith(".") && existsSync(join(src, target)) ? target : [];
  });
}

function moduleOf(file: string): string {
  return file.replace(/(\/|\.tsx?$|\.test\.ts$).*/, "");
}

function floorOf(file: string): number {
  return floors.findIndex((floor) => floor.includes(moduleOf(file)));
}
