import { userInfo } from "node:os";

/** A username has no space, so nobody is called like this. */
export function by(action: string, target: string | undefined) {
  return { action, target, actor: { username: "command line" } };
}

/** For the log. */
export const operator = { operator: nameOfOperator() };

function nameOfOperator(): string {
  try {
    return userInfo().username;
  } catch {
    // In some containers the user has no name.
    return String(process.getuid?.() ?? "unknown");
  }
}
