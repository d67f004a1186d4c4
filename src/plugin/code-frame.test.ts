import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { NexusError } from "../exceptions.ts";
import { codeFrame, findSpot, setSpot } from "./code-frame.ts";
import { jsonSpot } from "./module-json.ts";

let folder = "";
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "nexus-frame-"))));
afterAll(() => rm(folder, { recursive: true, force: true }));

async function frame(text: string, line: number, column?: number): Promise<string> {
  const file = join(folder, "code.ts");
  await writeFile(file, text);
  return codeFrame({ file, line, column });
}

test("a code frame shows three lines around the spot, with a mark under it", async () => {
  const text = Array.from({ length: 12 }, (_, at) => `line ${at + 1}`).join("\r\n");
  expect(await frame(text, 8, 6)).toBe(
    [
      "   5 | line 5",
      "   6 | line 6",
      "   7 | line 7",
      ">  8 | line 8",
      "     |      ^",
      "   9 | line 9",
      "  10 | line 10",
      "  11 | line 11",
    ].join("\n"),
  );
});

test("a frame at the edges has what is there, and the mark stands under tabs as well", async () => {
  expect(await frame("\t\tfirst\n\nthird\n", 1, 3)).toBe(
    "> 1 | \t\tfirst\n    | \t\t^\n  2 |\n  3 | third",
  );
  expect(await frame("only {\n", 2, 1)).toBe("  1 | only {\n> 2 |\n    | ^");
  expect(await frame("only", 1)).toBe("> 1 | only");
  expect(await frame("only", 1, 0)).toBe("> 1 | only\n    | ^");
  expect(await frame("only", 7, 1)).toBe("");
  expect(codeFrame({ file: join(folder, "gone.ts"), line: 1 })).toBe("");
});

/** An error with a stack of such frames below its message. */
const traced = (head: string, ...frames: string[]): Error => {
  const error = new Error("message");
  error.stack = [head, ...frames].join("\n    at ");
  return error;
};
const own = join(import.meta.dirname, "host.ts");

test.each<[string, Error, object | undefined]>([
  ["a function", traced("Error: x", "f (/app/a b.ts:3:4)"), ["/app/a b.ts", 3, 4]],
  ["a URL", traced("Error: x", "file:///app/a%20b.ts?v=2:3:4"), ["/app/a b.ts", 3, 4]],
  ["an awaited one", traced("Error: x", "async file:///app/a.ts:3:4"), ["/app/a.ts", 3, 4]],
  [
    "below a native one",
    traced("Error: x", "JSON.parse (<anonymous>)", "/app/a.ts:1:2"),
    ["/app/a.ts", 1, 2],
  ],
  [
    "none of the platform, of packages and of Node",
    traced(
      "Error: x",
      `f (${own}:1:2)`,
      "g (/app/node_modules/x/a.js:1:2)",
      "h (node:fs:1:2)",
      "i (/app/b.ts:5:6)",
    ),
    ["/app/b.ts", 5, 6],
  ],
  [
    "above the stack",
    traced("file:///app/a.ts:7\nconst x = ;\n          ^\n\nSyntaxError: x", "f (/app/b.ts:1:1)"),
    ["/app/a.ts", 7, 11],
  ],
  [
    "above it without a mark",
    traced("/app/a.ts:7\nconst", "node:x:1:1"),
    ["/app/a.ts", 7, undefined],
  ],
  [
    "in the message",
    new NexusError("NX_X", "GET / (/app/a.ts:8) and GET / (/app/b.ts:9)"),
    ["/app/a.ts", 8, undefined],
  ],
  [
    "in that with a column",
    new NexusError("NX_X", "failed:\n/app/a.mts:8:9: ERROR"),
    ["/app/a.mts", 8, 9],
  ],
  ["nowhere", new NexusError("NX_X", "at 10:30"), undefined],
])("the spot of an error: %s", (_, error, expected) => {
  // An error of this test has frames of its own.
  if (!error.stack?.includes("/app/") || error instanceof NexusError) error.stack = error.message;
  const spot = findSpot(error);
  expect(spot && [spot.file, spot.line, spot.column]).toEqual(expected);
});

test("the spot of an error is that of its cause, and what was said of it goes before all", () => {
  const cause = traced("Error: x", "f (/app/cause.ts:1:2)");
  const error = Object.assign(traced("Error: y", "g (/app/error.ts:3:4)"), { cause });
  expect(findSpot(error)).toMatchObject({ file: "/app/cause.ts" });
  expect(findSpot(setSpot(error, { file: "/app/said.ts", line: 9 }))).toEqual({
    file: "/app/said.ts",
    line: 9,
  });
  expect([findSpot("text"), findSpot(undefined)]).toEqual([undefined, undefined]);
});

test.each([
  ["a comma too many", '{\n  "a": 1,\n}', [3, 1]],
  ["a word", '{\n  "x": "x",\n  "b": x\n}', [3, 8]],
  ["one of two brackets", '["]",\n1,]', [2, 3]],
  ["an early end", '{\n  "a": [', [2, 9]],
  ["nothing", "", [1, 1]],
])("the spot in what is no JSON: %s", (_, text, expected) => {
  const { line, column } = jsonSpot("a.json", text);
  expect([line, column]).toEqual(expected);
});

test("the spot of a member in JSON is that of its name, or of the nearest one around it", () => {
  const text = '{\n  "auth": 1,\n  "nexus": {\n    "plugins": { "auth": 1 }\n  }\n}';
  const lines = [["nexus", "plugins", "auth"], ["nexus", "titel"], ["gone"], []].map((path) => {
    const { line, column } = jsonSpot("a.json", text, path);
    return [line, column];
  });
  expect(lines).toEqual([
    [4, 18],
    [3, 3],
    [1, 1],
    [1, 1],
  ]);
});
