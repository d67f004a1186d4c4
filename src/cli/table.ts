/** Rows in columns that stand below each other. */
export function tableOf(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    rows.reduce((widest, row) => Math.max(widest, row[column]!.length), 0),
  );
  const lines = rows.map((row) =>
    row
      .map((text, column) => text.padEnd(column < row.length - 1 ? widths[column]! : 0))
      .join("  "),
  );
  return lines.map((line) => `${line.trimEnd()}\n`).join("");
}
