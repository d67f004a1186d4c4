import { createHash, randomBytes, randomUUID } from "node:crypto";
import { type FileHandle, mkdir, open, readdir, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { settingsKey } from "../config/index.ts";
import { messageOf, NexusError } from "../exceptions.ts";
import { key, type Scope } from "../scope.ts";

/** Hours after which a file whose process cannot be asked counts as left behind. */
const patience = 24;

/** The folder of the files that are on their way: in the data folder, so on a disk that has room. */
export class Spool {
  readonly #folder: string;
  #swept: Promise<void> | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The app's. */
  static of(scope: Scope): Spool {
    const { root } = scope;
    const known = root.find(spoolKey);
    if (known) return known;
    const made = new Spool(join(root.get(settingsKey).dataDir, "uploads"));
    root.provide(spoolKey, made);
    return made;
  }

  /** A new file, for this process alone; before the first, what killed processes have left is removed. */
  async open(): Promise<Spooled> {
    const path = join(this.#folder, `${machine}-${process.pid}-${run}-${randomUUID()}`);
    try {
      // Each time: somebody may have tidied up meanwhile.
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      await (this.#swept ??= this.#sweep());
      return { path, handle: await open(path, "wx", 0o600) };
    } catch (cause) {
      this.#swept = undefined;
      throw new NexusError(
        "NX_DATA_DIR",
        `The folder for uploaded files, ${this.#folder}, cannot be had: ${messageOf(cause)}.`,
        { cure: "Let this user write there, or set NEXUS_DATA_DIR to another folder.", cause },
      );
    }
  }

  async #sweep(): Promise<void> {
    for (const name of await readdir(this.#folder)) {
      const path = join(this.#folder, name);
      if (await isLeft(name, path)) await rm(path, { force: true });
    }
  }
}

/** A file that is on its way. */
export interface Spooled {
  readonly path: string;
  readonly handle: FileHandle;
}

const spoolKey = key<Spool>("nexus/uploads");

/** Several machines may share a data folder, where process numbers say nothing. */
const machine = createHash("sha256").update(hostname()).digest("hex").slice(0, 8);
/** Tells this process from an earlier one of the same number. */
const run = randomBytes(4).toString("hex");

async function isLeft(name: string, path: string): Promise<boolean> {
  const [, where, pid, when] = /^([0-9a-f]{8})-(\d+)-([0-9a-f]{8})-/.exec(name) ?? [];
  if (where === undefined || when === run) return false;
  if (where === machine && (Number(pid) === process.pid || !isAlive(Number(pid)))) return true;
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs > patience * 3_600_000;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // It is there, and somebody else's.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
