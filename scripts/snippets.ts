import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

const folder = ".snippets";

/**
 * Writes each ```ts block of README.md and docs/ as a module of its own, on the lines where it stands
 * in the page, so that the type check reads the manual too. A block marked `ts ignore` is left out.
 */
export function writeSnippets(): number {
  rmSync(folder, { recursive: true, force: true });
  let count = 0;
  for (const page of globSync(["README.md", "docs/**/*.md"])) {
    for (const { line, code } of snippets(readFileSync(page, "utf8"))) {
      const file = `${folder}/${page.replaceAll("\\", "/")}-L${line}.ts`;
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, `${"\n".repeat(line)}${code}\nexport {};\n`);
      count++;
    }
  }
  return count;
}

/** Turns `.snippets/docs/http.md-L12.ts(14,3)` back into `docs/http.md(14,3)`. */
export function namePages(output: string): string {
  return output.replaceAll(/\.snippets\/(\S+\.md)-L\d+\.ts/g, "$1");
}

function* snippets(markdown: string): Generator<{ line: number; code: string }> {
  const lines = markdown.split(/\r?\n/);
  for (let i = 0; i < lines.length; i++) {
    const fence = /^\s*(`{3,}|~{3,})(.*)$/.exec(lines[i]!);
    if (!fence) continue;
    const start = i + 1;
    do i++;
    while (i < lines.length && lines[i]!.trim() !== fence[1]);
    if (/^ts\b(?!.*\bignore\b)/.test(fence[2]!.trim())) {
      yield { line: start, code: lines.slice(start, i).join("\n") };
    }
  }
}
