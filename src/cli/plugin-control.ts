import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { type ErrorItem, NexusError, type Problem } from "../exceptions.ts";
import { foldersOf } from "./app-folders.ts";
import { type AskControl, askServer } from "./control-client.ts";
import { claimUnlessServed, type Release } from "./data-claim.ts";
import { checkControlFolder, controlPlace, isAnswered } from "./control-place.ts";

/** Who looks after plugins: the server that runs, or this process where none does. */
export interface Control {
  readonly isServer: boolean;
  /** @throws NexusError for what was refused */
  readonly ask: <T>(method: string, path: string, json?: unknown) => Promise<T>;
}

/** As JSON has it: a date is a text. */
export type Told<T> = T extends Date
  ? string
  : T extends object
    ? { [K in keyof T]: Told<T[K]> }
    : T;

/** What is wanted of an app that is started for a command alone. */
export type Use = "look" | "plan" | "change";

/**
 * Looks after plugins: in the server that runs, else in an app that is started for that, without a port.
 * Who only looks has it on a database in memory.
 */
export async function withPlugins(
  use: Use,
  work: (control: Control) => Promise<void>,
): Promise<void> {
  const { dataDir } = await foldersOf(process.cwd());
  let claimed: Release | undefined;
  if (existsSync(dataDir)) {
    checkControlFolder(controlPlace(dataDir));
    // What it finds of a server that starts or ends would look like what a crash has left.
    claimed = await claimUnlessServed(dataDir, patience);
    if (!claimed) return work(controlOf(askServer(controlPlace(dataDir)), true));
  }
  const looksOnly = use === "look";
  if (looksOnly) claimed?.();
  // Where a server runs, nothing of this is needed.
  const [{ loadApp }, { askHere }] = await Promise.all([
    import("./load.ts"),
    import("./control-here.ts"),
  ]);
  const passing = { databaseUrl: "sqlite::memory:", secret: randomBytes(32).toString("hex") };
  const over = { log: "silent", admin: undefined, ...(looksOnly && passing) };
  const { app, release } = await loadApp(process.cwd(), over, { looksOnly, claimed });
  try {
    await work(controlOf(askHere(app), false));
  } finally {
    await app.close();
    release();
  }
  if (notes[use]) process.stderr.write(`No server runs here: ${notes[use]}.\n`);
}

/** Seconds that a command waits for a server that starts or ends, or for another command. */
const patience = 10;

const notes: Readonly<Partial<Record<Use, string>>> = {
  look: "this is how its plugins would start",
  change: "this takes effect when one is started",
};

/** The server that runs on the data folder of an app, if one does. */
export async function findServer(folder: string): Promise<AskControl | undefined> {
  const { dataDir } = await foldersOf(folder);
  if (!existsSync(dataDir)) return undefined;
  const place = controlPlace(dataDir);
  checkControlFolder(place);
  return (await isAnswered(place)) ? askServer(place) : undefined;
}

/** What an answer says. @throws NexusError for a refusal */
export async function toldBy(asked: ReturnType<AskControl>): Promise<unknown> {
  const { status, body } = await asked;
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  const told: unknown = JSON.parse(Buffer.concat(chunks).toString("utf8"));
  if (status < 400) return told;
  throw refusalOf(told as Problem);
}

function refusalOf({ detail, error_code = "NX_PLUGIN_COMMAND", errors }: Problem): NexusError {
  const faults = errors?.map(({ loc, msg }: ErrorItem) => `${loc.slice(1).join(".")}: ${msg}`);
  return new NexusError(error_code, faults?.join("\n") ?? detail);
}

function controlOf(ask: AskControl, isServer: boolean): Control {
  return {
    isServer,
    // The server's own answers; what they are is said by its types.
    ask: async <T>(method: string, path: string, json?: unknown) =>
      (await toldBy(ask(method, path, json))) as T,
  };
}
