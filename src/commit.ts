import { access, mkdir, open, rename } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Moves a finished file to its place, in one step for those who read. Once it has resolved the file is
 * there, also after a power failure.
 */
export async function commit(draft: string, path: string): Promise<void> {
  const folder = dirname(path);
  for (let left = 100; ; left--) {
    try {
      const made = await mkdir(folder, { recursive: true, mode: 0o700 });
      await rename(draft, path);
      const changed = made === undefined ? [folder] : [folder, dirname(folder), dirname(made)];
      for (const one of new Set(changed)) await syncFolder(one);
      return;
    } catch (error) {
      // Whoever removed the last file in it took the folder along.
      if (!isMissing(error) || !left) throw error;
      // Unless it is the draft that somebody removed.
      await access(draft);
    }
  }
}

/** Puts the names in a folder onto the disk. */
export async function syncFolder(folder: string): Promise<void> {
  // Windows has no such thing.
  if (process.platform === "win32") return;
  try {
    const handle = await open(folder, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    // A folder that is gone again has nothing to keep.
    if (!isMissing(error)) throw error;
  }
}

export function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "ENOENT";
}
