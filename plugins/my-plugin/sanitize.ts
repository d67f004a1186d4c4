/** Text of a stranger as it may stand in a page: without tags, escaped, and trimmed. */
export function sanitize(text: string): string {
  return escapeHtml(removeTags(text)).trim();
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character]!);
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#x27;",
};

/**
 * What `text.replace(/<[^>]+>/g, "")` does. That expression looks for the > from each < anew: a
 * hundred thousand of them would keep the server busy for seconds.
 */
function removeTags(text: string): string {
  let kept = "";
  let from = 0;
  for (;;) {
    const open = text.indexOf("<", from);
    const close = open < 0 ? -1 : text.indexOf(">", open);
    if (close < 0) return kept + text.slice(from);
    const isEmpty = close === open + 1;
    kept += text.slice(from, isEmpty ? close + 1 : open);
    from = close + 1;
  }
}
