import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished, expect, test } from "vitest";
import { WorkerLocks } from "./worker-locks.ts";

test("who holds its file lives, and who has let go of it leaves none", async () => {
  const folder = await newFolder();
  const locks = new WorkerLocks(folder);
  locks.hold("a");
  expect(namesOfDead(folder, ["a"])).toEqual([]);
  locks.release("a");
  expect(await readdir(folder)).toEqual([]);
});

test("a worker that cannot lock its file leaves none behind, and is not taken for dead", async () => {
  const folder = await newFolder();
  const first = new WorkerLocks(folder);
  first.hold("a");
  new WorkerLocks(folder).hold("a");
  expect(await readdir(folder)).toEqual([]);
  expect(namesOfDead(folder, ["a"])).toEqual([]);
  first.release("a");
});

function namesOfDead(folder: string, names: string[]): string[] {
  using dead = new WorkerLocks(folder).takeDead(names);
  return dead.names;
}

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "nexus-locks-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
