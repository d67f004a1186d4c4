import { hash } from "node:crypto";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { getCompileCacheDir } from "node:module";
import { join } from "node:path";

/**
 * What was made of a file at an earlier start, else made now: it is kept beside what Node keeps of the
 * files that it compiles, where Node keeps any.
 * @param state of what it is made from, and by what
 */
export function keepTranslation<T>(file: string, state: string, translate: () => T): T {
  const folder = ownFolder();
  if (folder === undefined) return translate();
  const place = join(folder, hash("sha256", file));
  const wanted = hash("sha256", state);
  try {
    const [kept, made] = JSON.parse(readFileSync(place, "utf8")) as [string, T];
    if (kept === wanted) return made;
  } catch {
    // There is none yet, or somebody else is writing it.
  }
  const made = translate();
  try {
    writeFileSync(place, JSON.stringify([wanted, made]), { mode: 0o600 });
  } catch {
    // Then the next start makes it again.
  }
  return made;
}

/** What others could write there would run as this user's code. */
function ownFolder(): string | undefined {
  const parent = getCompileCacheDir();
  if (parent === undefined) return undefined;
  const folder = join(parent, "nexus");
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const isOurs = !process.getuid || statSync(folder).uid === process.getuid();
    return isOurs ? folder : undefined;
  } catch {
    return undefined;
  }
}
