/**
 * Whether what somebody was granted covers a permission: `users:*` grants `users:read` and
 * `users:read:own`, `*` grants everything; a star elsewhere is a character like any other.
 */
export function allows(granted: Iterable<string>, wanted: string): boolean {
  for (const one of granted) {
    if (one === wanted || one === "*") return true;
    if (one.endsWith(":*") && wanted.startsWith(one.slice(0, -1))) return true;
  }
  return false;
}
