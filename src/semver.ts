import { createRequire } from "node:module";
import type lt from "semver/functions/lt.js";
import type rsort from "semver/functions/rsort.js";
import type isIn from "semver/functions/satisfies.js";
import type valid from "semver/functions/valid.js";
import type validRange from "semver/ranges/valid.js";

// Some twenty files: read when somebody compares, not at each start.
const require = createRequire(import.meta.url);

export function isVersion(text: string): boolean {
  return (require("semver/functions/valid.js") as typeof valid)(text) !== null;
}

/** Whether it is one as npm writes them: `^1.2.0`, `>=1 <3`. */
export function isRange(text: string): boolean {
  return (require("semver/ranges/valid.js") as typeof validRange)(text) !== null;
}

/** Whether a version is in a range. */
export function satisfies(version: string, range: string): boolean {
  return (require("semver/functions/satisfies.js") as typeof isIn)(version, range);
}

export function isOlder(version: string, than: string): boolean {
  return (require("semver/functions/lt.js") as typeof lt)(version, than);
}

export function newestFirst(versions: readonly string[]): string[] {
  return (require("semver/functions/rsort.js") as typeof rsort)([...versions]);
}
