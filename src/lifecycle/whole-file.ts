import { rm } from "node:fs/promises";
import { commit } from "../commit.ts";
import type { Drafts } from "../drafts.ts";

/** Writes a file for this user alone: whenever the process is killed, the old text is there or the new one. */
export async function writeWhole(drafts: Drafts, file: string, text: string): Promise<void> {
  const { path, handle } = await drafts.open();
  try {
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await commit(path, file);
  } finally {
    // Of one that arrived nothing is left here.
    await rm(path, { force: true });
  }
}
