import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { until } from "../../test/nexus-process.ts";
import { newFolder } from "../../test/npm-packages.ts";
import { FileStates, MemoryStates } from "./index.ts";

const answers = {
  "in memory": async () => new MemoryStates(),
  "in a file": async () => FileStates.open(join(await newFolder(), "plugins")),
};

describe.each(Object.entries(answers))("%s", (_, open) => {
  test("nothing is known of a plugin until something is decided", async () => {
    const states = await open();
    expect([states.names, states.get("notes")]).toEqual([[], undefined]);
    const begun = Date.now();
    await states.change({ notes: { enabled: false } });
    expect(states.names).toEqual(["notes"]);
    const { changedAt, ...state } = states.get("notes")!;
    expect(state).toEqual({ enabled: false });
    expect(Date.parse(changedAt)).toBeGreaterThanOrEqual(begun);
    expect(new Date(changedAt).toISOString()).toBe(changedAt);
  });

  test("a change is the whole new state, of all plugins that it names, and of no others", async () => {
    const states = await open();
    await states.change({
      notes: { enabled: true, version: "1.0.0", settings: { keep: 5 } },
      clock: { enabled: true },
      gone: { enabled: true },
    });
    const clock = states.get("clock");
    const previous = { version: "1.0.0", settings: { keep: 5 }, copy: "c1" };
    const change = { id: "c2", kind: "upgrade", version: "3.0.0", stop: true } as const;
    const next = { enabled: false, version: "2.0.0", previous, change };
    await states.change({ notes: next, gone: undefined });
    expect(states.names).toEqual(["notes", "clock"]);
    expect(states.get("notes")).toEqual({ ...next, changedAt: expect.any(String) });
    expect(states.get("clock")).toBe(clock);
    expect(states.get("gone")).toBeUndefined();
  });

  test("what is kept is a copy, and as JSON gives it back", async () => {
    const states = await open();
    const settings = { list: [1], none: undefined, when: new Date(0) };
    await states.change({ notes: { enabled: true, version: undefined, settings } });
    settings.list.push(2);
    expect(states.get("notes")!.settings).toEqual({ list: [1], when: "1970-01-01T00:00:00.000Z" });
    expect(Object.keys(states.get("notes")!).toSorted()).toEqual([
      "changedAt",
      "enabled",
      "settings",
    ]);
  });

  test("names are only names", async () => {
    const states = await open();
    expect(states.get("constructor")).toBeUndefined();
    await states.change({ constructor: { enabled: true } });
    expect(states.names).toEqual(["constructor"]);
  });

  test("changes made at once come one after the other, and each is complete", async () => {
    const states = await open();
    await Promise.all(
      Array.from({ length: 20 }, (_, n) => states.change({ [`p${n}`]: { enabled: n % 2 === 0 } })),
    );
    expect(states.names).toHaveLength(20);
  });
});

test("what was decided is known after a restart, secrets too, and only to this user", async () => {
  const folder = join(await newFolder(), "plugins");
  const states = await FileStates.open(folder);
  await states.change({ notes: { enabled: true, version: "1.0.0", settings: { key: "sesame" } } });
  const previous = { settings: { keep: 1 } };
  await Promise.all([
    states.change({ clock: { enabled: false, previous } }),
    states.change({ notes: { enabled: true, change: { id: "c1", kind: "configure" } } }),
  ]);
  const again = await FileStates.open(folder);
  expect(again.names).toEqual(["notes", "clock"]);
  for (const name of again.names) expect(again.get(name)).toEqual(states.get(name));
  expect((await stat(join(folder, "state.json"))).mode & 0o777).toBe(0o600);
  expect((await readdir(folder)).toSorted()).toEqual([".drafts", "state.json"]);
  expect(await readdir(join(folder, ".drafts"))).toEqual([]);
});

test("a file that others could read is this user's alone after the next change", async () => {
  const folder = await newFolder();
  const states = await FileStates.open(folder);
  await states.change({ notes: { enabled: true } });
  await chmod(join(folder, "state.json"), 0o644);
  await states.change({ notes: { enabled: false } });
  expect((await stat(join(folder, "state.json"))).mode & 0o777).toBe(0o600);
});

test("members that nobody here knows survive", async () => {
  const changedAt = new Date(0).toISOString();
  const folder = await newFolder({
    "state.json": JSON.stringify({
      format: 1,
      signedBy: "me",
      plugins: {
        notes: { enabled: true, version: "1.0.0", changedAt, pinned: { until: 2030 } },
        clock: { enabled: false, changedAt },
      },
    }),
  });
  const states = await FileStates.open(folder);
  await states.change({ notes: { enabled: false } });
  expect(JSON.parse(await readFile(join(folder, "state.json"), "utf8"))).toEqual({
    format: 1,
    signedBy: "me",
    plugins: {
      notes: { enabled: false, changedAt: expect.any(String), pinned: { until: 2030 } },
      clock: { enabled: false, changedAt },
    },
  });
});

const earlier = (members: object) => ({
  enabled: true,
  version: "2.0.0",
  changedAt: "",
  ...members,
});

test("what an earlier version of the platform has written is understood", async () => {
  const folder = await newFolder({
    "state.json": JSON.stringify({
      format: 1,
      plugins: {
        done: earlier({ previous: { version: "1.0.0", settings: {}, stopped: true } }),
        live: earlier({ previous: { version: "1.0.0" }, upgrading: { version: "3.0.0" } }),
        // The copy of the one before was written over by that of this one.
        lost: earlier({
          previous: { version: "1.0.0", stopped: true },
          upgrading: { version: "3.0.0", copied: true },
        }),
      },
    }),
  });
  const states = await FileStates.open(folder);
  const change = { id: "earlier", kind: "upgrade", version: "3.0.0" };
  expect(states.names.map((name) => states.get(name))).toEqual([
    earlier({ previous: { version: "1.0.0", settings: {}, copy: "earlier" } }),
    earlier({ previous: { version: "1.0.0" }, change }),
    earlier({ change: { ...change, stop: true } }),
  ]);
  await states.change({ live: { enabled: true, version: "2.0.0" } });
  expect(await readFile(join(folder, "state.json"), "utf8")).not.toContain("upgrading");
});

const state = { enabled: true, changedAt: "" };

test.each([
  ["", /it is no JSON/],
  ['{ "secret": "sesame', /it is no JSON/],
  ["[]", /no "format" and "plugins"/],
  ['{ "plugins": {} }', /no "format" and "plugins"/],
  ['{ "format": 1, "plugins": [] }', /no "format" and "plugins"/],
  ['{ "format": 2, "plugins": {} }', /it is of format 2, not 1/],
  [whole({ notes: null, good: state, clock: {} }), /says of "notes" .*; .*says of "clock"/],
  [whole({ notes: { ...state, enabled: "yes" } }), /says of "notes" does not fit/],
  [whole({ notes: { ...state, version: 1 } }), /says of "notes"/],
  [whole({ notes: { ...state, settings: [] } }), /says of "notes"/],
  [whole({ notes: { ...state, changedAt: 1 } }), /says of "notes"/],
  [whole({ notes: { ...state, previous: { version: 1 } } }), /says of "notes"/],
  [whole({ notes: { ...state, upgrading: {} } }), /says of "notes"/],
  [whole({ notes: { ...state, upgrading: true } }), /says of "notes"/],
  [whole({ notes: { ...state, previous: "1.0.0" } }), /says of "notes"/],
  [whole({ notes: { ...state, previous: { previous: 1 } } }), /says of "notes"/],
  [whole({ notes: { ...state, change: { kind: "upgrade" } } }), /says of "notes"/],
  [whole({ notes: { ...state, change: { id: "1", kind: "rollback", due: {} } } }), /of "notes"/],
  [whole({ notes: { ...state, watch: { until: 5 } } }), /says of "notes"/],
  [whole({ notes: { ...state, previous: { version: "1", settings: 1 } } }), /says of "notes"/],
])("%s is no state, is said with the file and the cure, and stays", async (text, message) => {
  const folder = await newFolder({ "state.json": text });
  const opening = FileStates.open(folder);
  await expect(opening).rejects.toMatchObject({ code: "NX_PLUGIN_STATE" });
  await expect(opening).rejects.toThrow(message);
  await expect(opening).rejects.toThrow(`${join(folder, "state.json")} cannot be read: `);
  await expect(opening).rejects.toThrow("Mend it or put a copy of it back");
  await expect(opening).rejects.not.toThrow("sesame");
  expect(await readFile(join(folder, "state.json"), "utf8")).toBe(text);
});

function whole(plugins: object): string {
  return JSON.stringify({ format: 1, plugins });
}

test("a file that cannot be read is not taken for none", async () => {
  const folder = await newFolder({ "state.json/inner": "" });
  await expect(FileStates.open(folder)).rejects.toMatchObject({ code: "NX_PLUGIN_STATE" });
});

test("a change that cannot be written has not happened, and the next one may", async () => {
  const folder = join(await newFolder(), "plugins");
  const states = await FileStates.open(folder);
  await states.change({ notes: { enabled: true } });
  await rm(join(folder, "state.json"));
  await mkdir(join(folder, "state.json/in-its-place"), { recursive: true });
  await expect(states.change({ notes: { enabled: false } })).rejects.toMatchObject({
    code: "NX_PLUGIN_STATE",
    message: expect.stringMatching(/state\.json cannot be written: .*nothing has changed/),
  });
  expect(states.get("notes")?.enabled).toBe(true);
  expect(await readdir(join(folder, ".drafts"))).toEqual([]);
  await rm(join(folder, "state.json"), { recursive: true });
  await states.change({ clock: { enabled: true } });
  expect((await FileStates.open(folder)).names).toEqual(["notes", "clock"]);
});

test(
  "killed at any moment, the file holds what was before a change or what is after it",
  {
    timeout: 60_000,
  },
  async () => {
    const folder = join(await newFolder(), "plugins");
    const script = join(await newFolder(), "change.ts");
    const file = JSON.stringify(resolve(import.meta.dirname, "state-file.ts"));
    await writeFile(
      script,
      `import { FileStates } from ${file};
    const states = await FileStates.open(process.argv[2]);
    const before = Number(states.get("a")?.version ?? 0);
    for (let n = before + 1; ; n++) {
      console.log(n);
      const state = { enabled: true, version: String(n), settings: { text: "x".repeat(50_000) } };
      await states.change({ a: state, b: state });
    }`,
    );
    for (let kill = 0; kill < 8; kill++) {
      const args = ["--conditions=source", script, folder];
      const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
      const ended = once(child, "close");
      onTestFinished(() => void child.kill("SIGKILL"));
      let said = "";
      child.stdout.on("data", (text) => (said += text));
      await until(() => said.split("\n").length > 2 || child.exitCode !== null);
      await sleep(Math.random() * 20);
      child.kill("SIGKILL");
      await ended;
      const last = Number(said.split("\n").at(-2));
      const states = await FileStates.open(folder);
      const [a, b] = [states.get("a")!, states.get("b")!];
      expect([last - 1, last]).toContain(Number(a.version));
      expect(b.version).toBe(a.version);
    }
  },
);
