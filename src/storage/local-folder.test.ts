import { spawn } from "node:child_process";
import { once } from "node:events";
import { globSync, readdirSync, readlinkSync, statSync } from "node:fs";
import {
  mkdir,
  mkdtemp,
  readFile,
  rm,
  symlink,
  truncate,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, onTestFinished, test } from "vitest";
import { storageContract } from "../../test/storage-contract.ts";
import { createLog, logKey } from "../log.ts";
import { Scope } from "../scope.ts";
import { LocalFolder, Storage } from "./index.ts";

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "nexus-storage-"));
  folders.push(folder);
  return join(folder, "files");
}

storageContract("A local folder", async () => {
  const folder = await newFolder();
  return {
    open: () => new LocalFolder(folder),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
});

const storageIn = (folder: string): Storage => new Storage(new LocalFolder(folder));
const filesIn = (folder: string): string[] =>
  globSync("**/*", { cwd: folder }).filter((name) => statSync(join(folder, name)).isFile());

test("no name that somebody chose stands in the folder, and only its owner can read it", async () => {
  const folder = await newFolder();
  const files = storageIn(folder);
  for (const key of ["a", "A", "CON", "a/b/ü"]) await files.put(key, "x");
  const names = globSync("**/*", { cwd: folder });
  expect(filesIn(folder)).toHaveLength(4);
  expect(
    names.filter((name) => !/^(drafts|[\da-f]{2}(\/[\da-f]{38}(\/[\da-f]{40})?)?)$/.test(name)),
  ).toEqual([]);
  for (const name of names) expect(statSync(join(folder, name)).mode & 0o077).toBe(0);
  // A folder goes with the last file in it.
  for (const key of ["a", "A", "CON", "a/b/ü"]) await files.delete(key);
  expect(globSync("??/*", { cwd: folder })).toEqual([]);
});

test("a link that somebody lays in the place of a file leads nowhere", async () => {
  const folder = await newFolder();
  const files = storageIn(folder);
  await files.put("a", "x");
  const [name] = filesIn(folder);
  const outside = join(folder, "../outside");
  await writeFile(outside, await readFile(join(folder, name!)));
  await rm(join(folder, name!));
  await symlink(outside, join(folder, name!));
  await expect(files.get("a")).rejects.toMatchObject({ code: "NX_STORAGE_DAMAGED" });
  // What is put replaces the link, and leaves alone what it led to.
  await files.put("a", "new");
  expect(await (await files.get("a"))!.text()).toBe("new");
  expect(await readFile(outside, "utf8")).toMatch(/^x/);
});

test.runIf(process.platform === "linux")(
  "who stops reading early leaves nothing open",
  async () => {
    const folder = await newFolder();
    const files = storageIn(folder);
    const file = await files.put("a", Buffer.alloc(500_000));
    const opened = () =>
      readdirSync("/proc/self/fd").filter((fd) => {
        try {
          return readlinkSync(`/proc/self/fd/${fd}`).startsWith(folder);
        } catch {
          return false;
        }
      }).length;
    for (let n = 0; n < 20; n++) {
      for await (const part of file.stream()) {
        expect([part.length > 0, opened()]).toEqual([true, 1]);
        break;
      }
      file.stream();
      await files.get("a");
    }
    expect(opened()).toBe(0);
  },
);

test("a file that has lost its end, or was never ours, is told by its path and left out of lists", async () => {
  const folder = await newFolder();
  const files = storageIn(folder);
  await files.put("a", "x".repeat(1000));
  await files.put("b", "b");
  const path = join(
    folder,
    filesIn(folder).find((name) => statSync(join(folder, name)).size > 900)!,
  );
  const whole = await readFile(path);
  const lines: string[] = [];
  const scope = new Scope("app", "app");
  scope.provide(logKey, createLog({ destination: { write: (line) => lines.push(line) } }));
  for (const size of [whole.length - 1, 500, 5, 0]) {
    await truncate(path, size);
    await expect(files.get("a")).rejects.toThrow(`${path} is no file that the storage wrote.`);
    const keys = await scope.run(async () => {
      const found: string[] = [];
      for await (const { key } of files.list()) found.push(key);
      return found;
    });
    expect(keys).toEqual(["b"]);
  }
  expect(lines.map((line) => JSON.parse(line).err.code)).toEqual(
    Array<string>(4).fill("NX_STORAGE_DAMAGED"),
  );
  // A content that ends like a packed file is a content all the same.
  await files.put("a", whole);
  expect(Buffer.from(await (await files.get("a"))!.bytes()).equals(whole)).toBe(true);
  // It can be removed, and put again.
  await truncate(path, 5);
  expect(await files.delete("a")).toBe(true);
});

test("what a killed process had begun is swept; what another one writes is not, however slowly", async () => {
  const folder = await newFolder();
  const drafts = () => globSync("drafts/*", { cwd: folder });
  const code = `
    import { existsSync } from "node:fs";
    async function* slow() {
      yield "a";
      console.log("begun");
      while (!existsSync(${JSON.stringify(join(folder, "../go"))}))
        await new Promise((resolve) => setTimeout(resolve, 5));
      yield "b";
    }
    await files.put("slow", slow());`;
  const killed = run(folder, code);
  await once(killed.child.stdout, "data");
  killed.child.kill("SIGKILL");
  await once(killed.child, "close");
  const [left] = drafts();
  const { child } = run(folder, code);
  onTestFinished(() => void child.kill());
  await once(child.stdout, "data");
  const [written] = drafts().filter((name) => name !== left);
  await utimes(join(folder, written!), 1, 1);
  const files = storageIn(folder);
  await files.put("a", "x");
  expect(drafts()).toEqual([written]);
  await writeFile(join(folder, "../go"), "");
  expect(await once(child, "close")).toEqual([0, null]);
  expect(await (await files.get("slow"))!.text()).toBe("ab");
});

test("a storage that no app answers for makes no links", async () => {
  await expect(storageIn(await newFolder()).url("a")).rejects.toMatchObject({
    code: "NX_STORAGE_URL",
  });
});

test("a folder that cannot be written is told, and tried again later", async () => {
  const folder = await newFolder();
  await mkdir(folder);
  await writeFile(join(folder, "drafts"), "in the way");
  const files = storageIn(folder);
  await expect(files.put("a", "x")).rejects.toMatchObject({
    code: "NX_STORAGE_WRITE",
    message: expect.stringMatching(/^"a" could not be stored: EEXIST/),
  });
  await rm(join(folder, "drafts"));
  await files.put("a", "x");
  expect(await (await files.get("a"))!.text()).toBe("x");
});

test("who puts a file while its folder goes with the last one in it makes the folder again", async () => {
  const folder = await newFolder();
  const [files, others] = [storageIn(folder), storageIn(folder)];
  const over = new AbortController();
  const removing = [0, 1, 2].map(async (n) => {
    while (!over.signal.aborted) {
      await others.delete(`few/${n}`);
      await new Promise((resolve) => setImmediate(resolve));
    }
  });
  const putting = [0, 1, 2].map(async (n) => {
    for (let round = 0; round < 60; round++) await files.put(`few/${n}`, "x");
  });
  await Promise.all(putting);
  over.abort();
  await Promise.all(removing);
});

test("a folder that somebody removes is made again", async () => {
  const folder = await newFolder();
  const files = storageIn(folder);
  await files.put("a", "x");
  await rm(folder, { recursive: true });
  await files.put("b", "x");
  expect([await files.get("a"), await (await files.get("b"))!.text()]).toEqual([undefined, "x"]);
});

/** Runs a piece of code with `files`, a storage in the folder, in a process of its own. */
function run(folder: string, code: string, before = "") {
  const script = `
    import { LocalFolder, Storage } from ${JSON.stringify(import.meta.resolve("./index.ts"))};
    const files = new Storage(new LocalFolder(${JSON.stringify(folder)}));
    ${code}`;
  const command = `${before} exec "$0" --input-type=module -e "$1"`;
  const child = spawn("sh", ["-c", command, process.execPath, script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  return { child, out: child.stdout.toArray().then((chunks) => Buffer.concat(chunks).toString()) };
}

test("a full disk leaves what was there, and no rest", async () => {
  const folder = await newFolder();
  const { out } = run(
    folder,
    `process.on("SIGXFSZ", () => {});
     await files.put("a", "old");
     const error = await files.put("a", Buffer.alloc(500_000)).catch((error) => error);
     console.log(error.code, error.cause.code, await (await files.get("a")).text());`,
    // In blocks of 512 or 1024 bytes.
    "ulimit -f 100;",
  );
  expect(await out).toBe("NX_STORAGE_WRITE EFBIG old\n");
  expect(filesIn(folder)).toHaveLength(1);
  expect(globSync("drafts/*", { cwd: folder })).toEqual([]);
});

test("a process that is killed at any moment leaves whole files only, and none it had acknowledged is lost", async () => {
  const folder = await newFolder();
  let acknowledged = 0;
  for (const kill of [1, 2, 3]) {
    const { child } = run(
      folder,
      `for (let n = 0; ; n++) {
         const text = String(n % 10).repeat(200_000);
         await files.put("kill-${kill}/" + n, text);
         await files.put("same", text);
         console.log(n);
       }`,
    );
    let last = -1;
    child.stdout.on("data", (text) => (last = Number(String(text).trim().split("\n").at(-1))));
    await once(child.stdout, "data");
    await new Promise((resolve) => setTimeout(resolve, 20 + 17 * kill));
    child.kill("SIGKILL");
    await once(child, "close");
    const files = storageIn(folder);
    for (let n = 0; n <= last; n++) {
      const text = await (await files.get(`kill-${kill}/${n}`))!.text();
      expect([text.length, new Set(text).size]).toEqual([200_000, 1]);
    }
    expect(new Set(await (await files.get("same"))!.text()).size).toBe(1);
    for await (const { size } of files.list()) expect(size).toBe(200_000);
    acknowledged += last + 1;
  }
  expect(acknowledged).toBeGreaterThanOrEqual(3);
});
