import { randomBytes } from "node:crypto";
import { link, mkdir, open, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Settings } from "./config/index.ts";
import { messageOf, NexusError } from "./exceptions.ts";
import { currentLog } from "./log.ts";

const leastBytes = 32;

/**
 * What the app signs with, tokens and links: the first secret signs, all verify. They are those of
 * NEXUS_SECRET, with commas between them, or the one in the data folder, which the first start makes.
 * @throws NX_SECRET
 */
export async function loadSecrets({
  secret,
  dataDir,
}: Pick<Settings, "secret" | "dataDir">): Promise<readonly string[]> {
  if (secret === undefined) return [await secretFile(join(dataDir, "secret"), dataDir)];
  const secrets = secret.split(",").flatMap((one) => one.trim() || []);
  const short = secrets.findIndex((one) => Buffer.byteLength(one) < leastBytes);
  if (secrets.length && short < 0) return secrets;
  const which = secrets.length > 1 ? `Secret ${short + 1} of NEXUS_SECRET` : "NEXUS_SECRET";
  throw new NexusError("NX_SECRET", `${which} is shorter than ${leastBytes} bytes.`, {
    cure: "Make one with `openssl rand -hex 32`; between several stand commas.",
  });
}

async function secretFile(path: string, folder: string): Promise<string> {
  try {
    const known = await read(path);
    if (known !== undefined) return known;
    await mkdir(folder, { recursive: true });
    await make(path);
    return (await read(path))!;
  } catch (cause) {
    if (cause instanceof NexusError) throw cause;
    throw new NexusError(
      "NX_SECRET",
      `${path} cannot be read, or not be made: ${messageOf(cause)}.`,
      { cure: "Let this process write its data folder, or set NEXUS_SECRET.", cause },
    );
  }
}

async function read(path: string): Promise<string | undefined> {
  let text: string;
  try {
    text = (await readFile(path, "utf8")).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const isOpen = process.platform !== "win32" && ((await stat(path)).mode & 0o077) !== 0;
  if (isOpen) currentLog().warn(`${path} can be read by others than its owner: chmod it to 600`);
  if (Buffer.byteLength(text) >= leastBytes) return text;
  throw new NexusError("NX_SECRET", `${path} holds less than ${leastBytes} bytes.`, {
    cure: "Put its content back, or remove it: a new one is made, and all sign in again.",
  });
}

/** Whole or not at all; of two processes that start at once the first one's stays. */
async function make(path: string): Promise<void> {
  const draft = `${path}.${randomBytes(6).toString("hex")}`;
  try {
    const file = await open(draft, "wx", 0o600);
    try {
      await file.writeFile(`${randomBytes(32).toString("hex")}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await link(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    await rm(draft, { force: true });
  }
}
