import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "..");
const read = (file: string): string => readFileSync(resolve(root, file), "utf8");

// The page itself is not part of the project; it lies beside it, if at all.
const page = resolve(root, "../shared/spec/plugin-api-routes.md");
const isThere = existsSync(page);
if (!isThere) console.log(`Skipped: whether every block is listed, as there is no ${page}`);

interface Row {
  readonly block: string;
  readonly declares: string;
  readonly file: string;
  readonly member: string;
  readonly testFile: string;
  readonly testName: string;
}

const rows = rowsOf(read("docs/specification-page.md"));

test("whatever the list names is there: the file, the member, and the test that holds it", () => {
  expect(rows.length).toBeGreaterThan(40);
  expect(rows.flatMap(faultsOf)).toEqual([]);
});

test("a list that names something else is found out", () => {
  const [right] = rows;
  for (const wrong of [
    { file: "plugins/my-plugin/none.ts" },
    { member: "none" },
    { testFile: "src/none.test.ts" },
    { testName: "none" },
  ])
    expect(faultsOf({ ...right!, ...wrong })).toHaveLength(1);
});

test.skipIf(!isThere)("each block of the page is listed, with all that it declares", () => {
  const blocks = blocksOf(readFileSync(page, "utf8"));
  expect(blocks.size).toBeGreaterThan(15);
  const listed = Map.groupBy(rows, ({ block }) => block);
  expect([...listed.keys()]).toEqual([...blocks.keys()]);
  for (const [block, code] of blocks) {
    const names = listed.get(block)!.map(({ declares }) => declares);
    expect([block, names.filter((name) => !code.includes(name))]).toEqual([block, []]);
    expect([block, declaredIn(code).filter((name) => !names.includes(name))]).toEqual([block, []]);
  }
});

function rowsOf(text: string): Row[] {
  const cells = /^\| *(.*?) *\| `(.+?)` \| `(.+?)` `(.+?)` \| `(.+?)` (.+?) \|$/;
  let block = "";
  return text.split("\n").flatMap((line) => {
    if (!line.startsWith("|") || /^\| (block|---) /.test(line)) return [];
    const found = cells.exec(line);
    if (!found) throw new Error(`This row of the list cannot be read: ${line}`);
    const [, first = "", declares = "", file = "", member = "", testFile = "", testName = ""] =
      found;
    block = first || block;
    return { block, declares, file, member, testFile, testName };
  });
}

function faultsOf({ declares, file, member, testFile, testName }: Row): string[] {
  const faults: string[] = [];
  const has = (path: string, what: string, pattern: RegExp): void => {
    if (!existsSync(resolve(root, path))) faults.push(`${declares}: there is no file ${path}`);
    else if (!pattern.test(read(path))) faults.push(`${declares}: ${path} has no ${what}`);
  };
  const words = "(?:(?:export|default|async|class|const|let|static|function\\*?|\\*) *)*";
  has(
    file,
    member,
    new RegExp(`^ *${words}${RegExp.escape(member)}(?: extends|<|\\(| ?[=:{])`, "m"),
  );
  has(testFile, `test "${testName}"`, new RegExp(`\\(\\s*"${RegExp.escape(testName)}",`));
  return faults;
}

/** The code under each heading. Two blocks under one heading would need a name each. */
function blocksOf(text: string): Map<string, string> {
  const blocks = new Map<string, string>();
  let heading = "";
  for (const [, title, code] of text.matchAll(/^#{2,} (.+)$|^```\w+\n([\s\S]*?)^```$/gm)) {
    if (title !== undefined) heading = title.trim();
    else if (blocks.has(heading)) throw new Error(`There are two blocks under "${heading}".`);
    else blocks.set(heading, code ?? "");
  }
  return blocks;
}

/** What a block of Python declares, at any depth. */
function declaredIn(code: string): string[] {
  return [...code.matchAll(/^ *(?:async )?(?:def|class) (?!__)(\w+)/gm)].map(([, name]) => name!);
}
