import { createHash } from "node:crypto";
import { mkdir, readdir, rm, rmdir, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Drafts, type OpenDraft } from "../drafts.ts";
import { currentLog } from "../log.ts";
import { commit, isMissing, syncFolder } from "../commit.ts";
import type { FileAbout, FileInfo, StorageEngine } from "./engine.ts";
import { readContent, readInfo } from "./packed-file.ts";
import { onDisk, writePacked } from "./write-packed.ts";

/** Files that are looked into at once. */
const atOnce = 32;

/**
 * Files in a folder of this machine, called by the hashes of their keys: no name can do harm, and two
 * that differ in case only are two on every file system. Those with one beginning, up to the last
 * slash, share a folder.
 */
export class LocalFolder implements StorageEngine {
  readonly #folder: string;
  readonly #drafts: Drafts;
  #isSynced = false;

  constructor(folder: string) {
    this.#folder = folder;
    this.#drafts = new Drafts(join(folder, "drafts"));
  }

  async put(about: FileAbout, content: AsyncIterable<Uint8Array>): Promise<FileInfo> {
    const draft = await onDisk(about, this.#begin());
    try {
      const info = await writePacked(draft.handle, about, content);
      await onDisk(about, commit(draft.path, this.#pathOf(about.key)));
      return info;
    } catch (error) {
      // What is left of it is swept some day.
      await rm(draft.path, { force: true }).catch(() => {});
      throw error;
    }
  }

  stat(key: string): Promise<FileInfo | undefined> {
    return readInfo(this.#pathOf(key));
  }

  read(file: FileInfo, start: number, end: number): AsyncIterable<Uint8Array> {
    return readContent(this.#pathOf(file.key), file, start, end);
  }

  async delete(key: string): Promise<boolean> {
    const path = this.#pathOf(key);
    try {
      await unlink(path);
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
    const folder = dirname(path);
    const isLast = await rmdir(folder).then(
      () => true,
      () => false,
    );
    await syncFolder(isLast ? dirname(folder) : folder);
    return true;
  }

  /** Reads the end of every file with a like beginning: hashes have lost the order of the keys. */
  async *list(prefix: string): AsyncIterable<FileInfo> {
    const keys: string[] = [];
    for (const shard of await namesIn(this.#folder)) {
      if (shard.length !== 2) continue;
      for (const name of await namesIn(join(this.#folder, shard)))
        for await (const key of keysIn(join(this.#folder, shard, name), prefix)) keys.push(key);
    }
    for (const key of keys.toSorted(byUtf8)) {
      const info = await this.stat(key);
      if (info) yield info;
    }
  }

  #pathOf(key: string): string {
    const folder = hashOf(beginningOf(key));
    return join(this.#folder, folder.slice(0, 2), folder.slice(2), hashOf(key));
  }

  async #begin(): Promise<OpenDraft> {
    const made = await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    // Once in any case: whoever made it may have been killed before it was on the disk.
    if (made !== undefined || !this.#isSynced) await syncFolder(dirname(this.#folder));
    this.#isSynced = true;
    return this.#drafts.open();
  }
}

function beginningOf(key: string): string {
  return key.slice(0, key.lastIndexOf("/") + 1);
}

/** 160 bits, so that paths stay short enough for every file system. */
function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 40);
}

/** The keys of one folder that begin so. */
async function* keysIn(folder: string, prefix: string): AsyncIterable<string> {
  const names = await namesIn(folder);
  let beginning: string | undefined;
  for (let at = 0; at < names.length;) {
    // The first one tells how the keys of all begin.
    const batch = names.slice(at, at + (beginning === undefined ? 1 : atOnce));
    at += batch.length;
    for (const info of await Promise.all(batch.map((name) => peek(join(folder, name))))) {
      if (!info) continue;
      beginning ??= beginningOf(info.key);
      if (!beginning.startsWith(prefix) && !prefix.startsWith(beginning)) return;
      if (info.key.startsWith(prefix)) yield info.key;
    }
  }
}

async function peek(path: string): Promise<FileInfo | undefined> {
  try {
    return await readInfo(path);
  } catch (error) {
    currentLog().warn({ err: error }, "A stored file cannot be read");
    return undefined;
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function byUtf8(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
