import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { NexusError } from "../exceptions.ts";
import type { FileInfo } from "./engine.ts";

// One file on disk: the content, what is known of it as JSON, the length of that JSON, a mark. So one
// rename puts both in place, and the content can be read from where it stands.
const mark = Buffer.from("nxfile1\n");
const footer = 4 + mark.length;
/** No JSON is longer: keys, types and metadata have limits. */
const longestEnd = 16_384;
/** Bytes that are read and written at once. */
export const piece = 65_536;

/** @returns what is known of it; undefined when there is no such file. @throws NX_STORAGE_DAMAGED */
export async function readInfo(path: string): Promise<FileInfo | undefined> {
  const file = await openPacked(path);
  if (!file) return undefined;
  try {
    return await infoOf(file, path);
  } finally {
    await file.close();
  }
}

/** @throws NX_STORAGE_CHANGED when the file is no longer the one that is meant */
export async function* readContent(
  path: string,
  meant: FileInfo,
  start: number,
  end: number,
): AsyncIterable<Uint8Array> {
  const file = await openPacked(path);
  try {
    const found = file && (await infoOf(file, path));
    // Who puts the same content again changes nothing for its readers.
    if (!file || found?.etag !== meant.etag) throw changed(meant);
    // From here on the open file is read, whatever happens to its name.
    for (let at = start; at < end;) {
      const buffer = Buffer.allocUnsafeSlow(Math.min(piece, end - at));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
      if (!bytesRead) throw damaged(path);
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file?.close();
  }
}

async function openPacked(path: string): Promise<FileHandle | undefined> {
  try {
    // A link that somebody laid there would lead out of the folder.
    return await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    throw code === "ELOOP" ? damaged(path) : error;
  }
}

async function infoOf(file: FileHandle, path: string): Promise<FileInfo> {
  const { size: whole } = await file.stat();
  const end = Buffer.alloc(Math.min(longestEnd, whole));
  const { bytesRead } = await file.read(end, 0, end.length, whole - end.length);
  const length = bytesRead < footer ? NaN : end.readUInt32BE(end.length - footer);
  if (bytesRead < end.length || !end.subarray(-mark.length).equals(mark)) throw damaged(path);
  if (!(length + footer <= end.length)) throw damaged(path);
  const text = end.toString("utf8", end.length - footer - length, end.length - footer);
  const info = parse(text);
  if (info?.size !== whole - footer - length) throw damaged(path);
  return { ...info, modified: new Date(info.modified) };
}

function parse(text: string): (Omit<FileInfo, "modified"> & { modified: string }) | undefined {
  try {
    // The mark behind it says that we wrote it.
    return JSON.parse(text) as Omit<FileInfo, "modified"> & { modified: string };
  } catch {
    return undefined;
  }
}

/** What follows the content. */
export function endOf({ key, size, etag, modified, contentType, metadata }: FileInfo): Buffer {
  const json = Buffer.from(JSON.stringify({ key, size, etag, modified, contentType, metadata }));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(json.length);
  return Buffer.concat([json, length, mark]);
}

function changed({ key }: FileInfo): NexusError {
  return new NexusError(
    "NX_STORAGE_CHANGED",
    `"${key}" was replaced or removed after it was looked up.`,
    { cure: "Ask the storage for it again." },
  );
}

function damaged(path: string): NexusError {
  return new NexusError("NX_STORAGE_DAMAGED", `${path} is no file that the storage wrote.`, {
    cure: "Restore it from a copy, or remove it.",
  });
}
