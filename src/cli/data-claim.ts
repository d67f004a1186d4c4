import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf, NexusError } from "../exceptions.ts";
import { controlPlace, isAnswered } from "./control-place.ts";

/** Gives a data folder free again. */
export type Release = () => void;

/**
 * Takes a data folder for this process alone: from before it reads what was decided of plugins until nobody
 * changes that any more.
 * @returns nothing where another process has it. @throws NX_DATA_DIR
 */
export function claim(dataDir: string): Release | undefined {
  const file = join(dataDir, "lock");
  let lock: DatabaseSync | undefined;
  try {
    // Whoever could read it could keep it, too.
    if (!existsSync(file)) writeFileSync(file, "", { flag: "a", mode: 0o600 });
    // The system takes such a lock away from a process that is killed.
    lock = new DatabaseSync(file, { timeout: 0 });
    lock.exec("begin exclusive");
  } catch (cause) {
    lock?.close();
    if ((cause as { errcode?: number }).errcode === busy) return undefined;
    throw new NexusError("NX_DATA_DIR", `${file} cannot be locked: ${messageOf(cause)}.`, {
      cure: "Set NEXUS_DATA_DIR to a folder on a local disk that this process may write.",
      cause,
    });
  }
  return () => lock.close();
}

/** What SQLite calls it. */
const busy = 5;
/** Milliseconds between two looks. */
const pause = 50;

/**
 * Takes a data folder as `claim` does; who starts, ends, or runs a command there is waited for.
 * @param patience seconds
 * @returns nothing where a server runs on it. @throws NX_DATA_HELD NX_CONTROL NX_DATA_DIR
 */
export async function claimUnlessServed(
  dataDir: string,
  patience: number,
): Promise<Release | undefined> {
  const end = performance.now() + patience * 1000;
  for (;;) {
    if (await isAnswered(controlPlace(dataDir))) return undefined;
    const release = claim(dataDir);
    if (release) return release;
    if (performance.now() > end) throw held(dataDir, patience);
    await sleep(pause);
  }
}

/** Whether another process has it. */
export function isClaimed(dataDir: string): boolean {
  const release = claim(dataDir);
  release?.();
  return release === undefined;
}

function held(dataDir: string, patience: number): NexusError {
  return new NexusError(
    "NX_DATA_HELD",
    `Another process has had the data folder ${dataDir} for ${patience} s, and answers no commands: a server that starts, ends or has no control socket, or another command.`,
    { cure: "Call it again when that is ready, or has ended." },
  );
}
