import { type RawBuilder, sql } from "../database/index.ts";

/** A text as it is compared: of two that differ only in case, or in how letters are encoded, the same. */
export function fold(text: string): string {
  // At a zero byte SQLite would stop comparing.
  return text.normalize("NFKC").toLowerCase().replaceAll("\0", "\ufffd");
}

/** Whether a column of folded texts contains a term, in which % and _ are letters like all others. */
export function contains(column: string, term: string): RawBuilder<boolean> {
  const pattern = `%${fold(term).replace(/[\\%_]/g, "\\$&")}%`;
  return sql<boolean>`${sql.ref(column)} like ${pattern} escape '\\'`;
}
