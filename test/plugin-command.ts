import { join } from "node:path";
import { openDatabase } from "nexus-platform/database";
import { expect } from "vitest";
import { type Ran, run } from "./nexus-process.ts";

/** `nexus plugin …` as an operator runs it. */
export const plugin = (folder: string, ...args: string[]): Promise<Ran> =>
  run(folder, ["plugin", ...args]);

export const ok = (stdout: string | RegExp): Ran => ({
  code: 0,
  stdout: (typeof stdout === "string" ? stdout : expect.stringMatching(stdout)) as string,
  stderr: "",
});
export const failed = (stderr: RegExp) => ({
  code: 1,
  stdout: "",
  stderr: expect.stringMatching(stderr) as string,
});
/** What is said where no server runs. */
export const alone = (stdout: string | RegExp): Ran => ({
  ...ok(stdout),
  stderr: "No server runs here: this takes effect when one is started.\n",
});

/** The audit log of a folder's app, the oldest first. */
export async function auditedIn(folder: string): Promise<Record<string, unknown>[]> {
  const db = await openDatabase<{ nexus_audit: Record<string, unknown> }>({
    dataDir: join(folder, "data"),
  });
  const rows = await db.selectFrom("nexus_audit").selectAll().orderBy("id").execute();
  await db.destroy();
  return rows;
}
