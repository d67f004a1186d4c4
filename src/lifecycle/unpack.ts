import { createReadStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import type { ReadEntry } from "tar";
import { messageOf, NexusError } from "../exceptions.ts";
import { sealFile } from "./integrity.ts";

export interface PackageLimits {
  /** Unpacked; default 256 MiB. */
  readonly bytes?: number;
  /** Files and folders; default 20 000. */
  readonly entries?: number;
}

export interface UnpackOptions {
  readonly limits?: PackageLimits | undefined;
  /** What errors call the tarball; default its path. */
  readonly as?: string | undefined;
}

/**
 * Unpacks the tarball of a package into a new folder.
 * @throws NX_PACKAGE for one that is damaged or too large, or that holds anything else than files of its own
 */
export async function unpack(
  tarball: string,
  folder: string,
  { limits = {}, as = tarball }: UnpackOptions = {},
): Promise<void> {
  try {
    await check(tarball, limits);
  } catch (cause) {
    throw new NexusError("NX_PACKAGE", `${as} is refused: ${messageOf(cause)}.`, {
      cure: 'Make it with `npm pack`; "files" in its package.json says what goes in.',
      cause,
    });
  }
  await mkdir(folder, { mode: 0o700 });
  const { extract } = await import("tar");
  await extract({
    file: tarball,
    cwd: folder,
    // Of the folder that all names begin with, "package" in most.
    strip: 1,
    strict: true,
    preserveOwner: false,
    noMtime: true,
    filter: (path) => !reserved.includes(innerOf(path)),
    onReadEntry: (entry) => {
      // Whatever its author's folder looked like, here one user reads it.
      entry.mode = entry.type === "Directory" || (entry.mode ?? 0) & 0o100 ? 0o755 : 0o644;
    },
  });
}

/** What would change how npm works on it, which npm never packs, and what the installation writes. */
const reserved = [".npmrc", sealFile];
const usual = ["File", "OldFile", "ContiguousFile", "Directory"];

/** Reads it to its end before anything is written. */
async function check(tarball: string, limits: PackageLimits): Promise<void> {
  const { bytes = 256 * 1024 ** 2, entries = 20_000 } = limits;
  let [count, total] = [0, 0];
  const faultOf = (path: string, { type, size }: ReadEntry): string | undefined => {
    count += 1;
    total += size;
    if (!isPlain(path)) return `${JSON.stringify(path)} is no plain path`;
    if (!usual.includes(type)) return `${path} is neither a file nor a folder, but a ${type}`;
    if (count > entries) return `it holds more than ${entries} files`;
    return total > bytes ? `it holds more than ${bytes} bytes` : undefined;
  };
  const { Parser } = await import("tar");
  const content = createReadStream(tarball);
  try {
    await new Promise<void>((resolve, reject) => {
      const parser = new Parser({
        strict: true,
        filter: (path, entry) => {
          const fault = faultOf(path, entry as ReadEntry);
          if (fault !== undefined) reject(new Error(fault));
          return false;
        },
      });
      parser.on("error", reject).on("close", resolve);
      content.on("error", reject).pipe(parser);
    });
  } finally {
    content.destroy();
  }
}

/** One that leads nowhere else, on no system, and in one spelling only. */
function isPlain(path: string): boolean {
  const parts = path.replace(/\/$/, "").split("/");
  return parts.length < 100 && !parts.some((part) => /^\.{0,2}$|^[a-z]:|[\\\0]/i.test(part));
}

/** Without the first folder. */
function innerOf(path: string): string {
  return path.split("/").slice(1).join("/");
}
