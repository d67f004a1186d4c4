import { createHash, randomBytes, randomUUID } from "node:crypto";
import { type FileHandle, mkdir, open, readdir, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";

/** Hours after which a file whose process cannot be asked counts as left behind. */
const patience = 24;

/** A folder of files that are being written; who has written one moves it away, or removes it. */
export class Drafts {
  readonly #folder: string;
  #swept: Promise<void> | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** A new file, for this user alone; before the first, what killed processes have left is removed. */
  async open(): Promise<OpenDraft> {
    const path = join(this.#folder, `${machine}-${process.pid}-${run}-${randomUUID()}`);
    try {
      // Each time: somebody may have tidied up meanwhile.
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      await (this.#swept ??= this.#sweep());
      return { path, handle: await open(path, "wx", 0o600) };
    } catch (error) {
      this.#swept = undefined;
      throw error;
    }
  }

  async #sweep(): Promise<void> {
    for (const name of await readdir(this.#folder)) {
      const path = join(this.#folder, name);
      if (await isLeft(name, path)) await rm(path, { force: true });
    }
  }
}

export interface OpenDraft {
  readonly path: string;
  readonly handle: FileHandle;
}

/** Several machines may share a folder, where process numbers say nothing. */
const machine = createHash("sha256").update(hostname()).digest("hex").slice(0, 8);
/** Of this copy of the module: there may be others in this process, in its threads for one. */
const run = randomBytes(4).toString("hex");
/** When this process began, less a second for clocks that are not exact. */
const begun = Date.now() - process.uptime() * 1000 - 1000;

/** However slowly it writes, a process that lives keeps its files. */
async function isLeft(name: string, path: string): Promise<boolean> {
  const [, where, pid, when] = /^([0-9a-f]{8})-(\d+)-([0-9a-f]{8})-/.exec(name) ?? [];
  if (where === undefined || when === run) return false;
  const isHere = where === machine;
  if (isHere && Number(pid) !== process.pid) return !isAlive(Number(pid));
  const found = await stat(path).catch(() => undefined);
  // In a container every process may have the same number, one after the other.
  return (
    found !== undefined && found.mtimeMs < (isHere ? begun : Date.now() - patience * 3_600_000)
  );
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // It is there, and somebody else's.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
