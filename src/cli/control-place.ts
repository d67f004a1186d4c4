import { createHash } from "node:crypto";
import { lstatSync, mkdirSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { NexusError } from "../exceptions.ts";

/** Where the routes of plugins stand, as they do over the network. */
export const controlPath = "/api/v1/plugins";
/** The header that names who calls the command, percent-encoded. */
export const operatorHeader = "x-nexus-operator";

/** Bytes that the name of a socket may have on every system. */
const longest = 100;

/** The socket on which a server that runs on a data folder answers the command line. */
export function controlPlace(dataDir: string): string {
  const path = join(dataDir, "control.sock");
  if (Buffer.byteLength(path) <= longest) return path;
  const name = createHash("sha256").update(dataDir).digest("hex").slice(0, 24);
  return join(spareFolder(), `${name}.sock`);
}

function spareFolder(): string {
  return join(tmpdir(), `nexus-${process.getuid?.() ?? 0}`);
}

/** Makes the folder that a socket is in, where that is not the data folder. @throws as `checkControlFolder` */
export function makeControlFolder(place: string): void {
  if (dirname(place) === spareFolder()) mkdirSync(spareFolder(), { recursive: true, mode: 0o700 });
  checkControlFolder(place);
}

/** @throws NX_CONTROL where others can put a socket of their own there */
export function checkControlFolder(place: string): void {
  const folder = dirname(place);
  const found = lstatSync(folder, { throwIfNoEntry: false });
  if (folder !== spareFolder() || !found) return;
  if (found.isDirectory() && found.uid === process.getuid?.() && !(found.mode & 0o077)) return;
  throw new NexusError("NX_CONTROL", `${folder} is not a folder of this user alone.`, {
    cure: "Remove it, or set NEXUS_DATA_DIR to a shorter path: the socket is in that folder then.",
  });
}

/**
 * Whether somebody answers on a socket.
 * @throws NX_CONTROL where that cannot be known
 */
export async function isAnswered(place: string): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const socket = connect(place, () => resolve(true));
  socket.on("error", ({ code, message }: NodeJS.ErrnoException) => {
    // None, and one that a killed process has left.
    if (code === "ENOENT" || code === "ECONNREFUSED") resolve(false);
    else {
      const what = `Whether a server runs cannot be asked on ${place}: ${message}.`;
      const cure = "Call it as the user who runs the server.";
      reject(new NexusError("NX_CONTROL", what, { cure }));
    }
  });
  try {
    return await promise;
  } finally {
    socket.destroy();
  }
}
