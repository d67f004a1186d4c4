import { once } from "node:events";
import { mkdtemp, readdir, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { Worker } from "node:worker_threads";
import { expect, onTestFinished, test } from "vitest";
import { Drafts } from "./drafts.ts";

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "nexus-drafts-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return join(folder, "drafts");
}

async function begin(folder: string): Promise<string> {
  const { path, handle } = await new Drafts(folder).open();
  await handle.close();
  return basename(path);
}

/** As another process, or another run of this one, calls it. */
const calledBy = (pid: number, name: string): string =>
  name.replace(/-\d+-[\da-f]+-/, `-${pid}-0000aaaa-`);

const daysAgo = (days: number): Date => new Date(Date.now() - days * 86_400_000);

test("a draft is for this user alone, and its folder is made again when somebody has removed it", async () => {
  const folder = await newFolder();
  const drafts = new Drafts(folder);
  for (let turn = 0; turn < 2; turn++) {
    const { path, handle } = await drafts.open();
    await handle.close();
    const modes = await Promise.all([folder, path].map((one) => stat(one)));
    expect(modes.map(({ mode }) => (mode & 0o777).toString(8))).toEqual(["700", "600"]);
    await rm(folder, { recursive: true });
  }
});

test("the drafts of a process that lives stay, however long nobody has written to them", async () => {
  const folder = await newFolder();
  const name = await begin(folder);
  await rename(join(folder, name), join(folder, calledBy(process.ppid, name)));
  const own = await begin(folder);
  for (const one of await readdir(folder)) await utimes(join(folder, one), 1, daysAgo(30));
  const newest = await begin(folder);
  expect((await readdir(folder)).toSorted()).toEqual(
    [calledBy(process.ppid, name), own, newest].toSorted(),
  );
});

test("what a process has left is swept when it is dead: another one, or an earlier one of this number", async () => {
  const folder = await newFolder();
  const name = await begin(folder);
  await rm(join(folder, name));
  const ofDead = calledBy(2 ** 22 + 1, name);
  const ofNamesake = calledBy(process.pid, name);
  for (const one of [ofDead, ofNamesake]) await writeFile(join(folder, one), "half");
  await utimes(join(folder, ofNamesake), 1, Date.now() / 1000 - process.uptime() - 10);
  const newest = await begin(folder);
  expect(await readdir(folder)).toEqual([newest]);
});

test("another copy of this module, in a thread too, leaves alone what this one has begun", async () => {
  const folder = await newFolder();
  const name = await begin(folder);
  const url = JSON.stringify(import.meta.resolve("./drafts.ts"));
  const worker = new Worker(
    `import(${url}).then(({ Drafts }) => new Drafts(${JSON.stringify(folder)}).open())
      .then(({ handle }) => handle.close())`,
    { eval: true },
  );
  const [code] = await once(worker, "exit");
  expect([code, await readdir(folder)]).toEqual([0, expect.arrayContaining([name])]);
  expect(await readdir(folder)).toHaveLength(2);
});
