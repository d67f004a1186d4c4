/** What the doc comment above a route says. */
export interface Comment {
  /** The first paragraph, on one line. */
  readonly summary: string;
  /** The rest, as Markdown. */
  readonly description?: string;
  readonly deprecated?: true;
}

/** Reads what stands between the first star and the end of a doc comment. */
export function parseComment(text: string): Comment {
  const lines = text
    .replace(/^\*+/, "")
    .split(/\r?\n/)
    .map((line) => line.replace(/^\s*\*(?: |$)/, "").trimEnd());
  const tags = lines.findIndex((line) => /^\s*@\w/.test(line));
  const body = dedent(tags < 0 ? lines : lines.slice(0, tags)).trim();
  const [summary = "", ...rest] = body.split(/\n\s*\n/);
  const description = body.slice(summary.length).trim();
  return {
    summary: summary.replaceAll(/\s*\n\s*/g, " "),
    ...(rest.length > 0 && description && { description }),
    ...(tags >= 0 &&
      lines.slice(tags).some((line) => /^\s*@deprecated\b/.test(line)) && { deprecated: true }),
  };
}

/** A comment without stars before its lines is indented as its code is. */
function dedent([first = "", ...others]: readonly string[]): string {
  const indents = others.filter((line) => line.trim()).map((line) => /^\s*/.exec(line)![0].length);
  const indent = Math.min(...indents, 1000);
  return [first.trim(), ...others.map((line) => line.slice(indent))].join("\n");
}
