/** On one line, and without what a terminal would obey: for texts that others wrote. */
export function plain(text: string): string {
  return text.replace(/[\s\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ").trim();
}
