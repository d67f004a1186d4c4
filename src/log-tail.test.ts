import { expect, test } from "vitest";
import { createLog, silent, tailOf } from "./log.ts";
import { mostLines } from "./log-tail.ts";

test("the lines of each plugin are kept, as they are written", async () => {
  const { log, tail, written } = await start();
  const notes = log.child({ plugin: "notes" });
  log.info("of the app");
  notes.info({ id: 7 }, "first");
  log.child({ plugin: "shop" }).info("other");
  notes.child({ part: "mail" }).warn("second");
  expect(tail.since("notes", 0).map(({ number }) => number)).toEqual([1, 2]);
  expect(messages(tail.since("notes", 0))).toEqual(["first", "second"]);
  expect(messages(tail.since("notes", 1))).toEqual(["second"]);
  expect(messages(tail.since("shop", 0))).toEqual(["other"]);
  expect([tail.since("none", 0), tail.newest("none"), tail.newest("notes")]).toEqual([[], 0, 2]);
  expect(`${tail.since("notes", 0)[0]!.text}\n`).toBe(written[1]);
  expect(written).toHaveLength(4);
});

test("what somebody else writes of a plugin is its line too, but not what stands deeper down", async () => {
  const { log, tail } = await start();
  log.error({ code: "NX", plugin: "notes" }, "It failed");
  log.info({ body: { plugin: "notes" } }, "a body");
  log.info({ body: { plugin: "notes" }, plugin: "shop" }, "a body of the shop");
  log.info({ plugin: 7 }, "a number");
  log.info('"plugin":"notes"');
  expect(messages(tail.since("notes", 0))).toEqual(["It failed"]);
  expect(messages(tail.since("shop", 0))).toEqual(["a body of the shop"]);
});

test("no more lines are kept than that many, the newest", async () => {
  const { log, tail } = await start();
  const notes = log.child({ plugin: "notes" });
  for (let i = 1; i <= 2 * mostLines + 5; i++) notes.info(`line ${i}`);
  const kept = tail.since("notes", 0);
  expect([kept.length, kept[0]!.number, kept.at(-1)!.number]).toEqual([
    mostLines,
    mostLines + 6,
    2 * mostLines + 5,
  ]);
  expect(messages(kept).slice(0, 2)).toEqual([`line ${mostLines + 6}`, `line ${mostLines + 7}`]);
  expect(messages(tail.since("notes", 2 * mostLines + 4))).toEqual([`line ${2 * mostLines + 5}`]);
});

test("long lines push more of the others out, and one that is too long leaves a gap", async () => {
  const { log, tail } = await start();
  const notes = log.child({ plugin: "notes" });
  const long = "x".repeat(100_000);
  for (let i = 0; i < 20; i++) notes.info(long);
  expect(tail.since("notes", 0).map(({ number }) => number)).toEqual([17, 18, 19, 20]);
  notes.info("short");
  expect(tail.since("notes", 0)).toHaveLength(5);
  notes.info(long.repeat(6));
  expect([tail.since("notes", 0), tail.newest("notes")]).toEqual([[], 22]);
  notes.info("after");
  expect(tail.since("notes", 0)).toEqual([{ number: 23, text: expect.stringContaining("after") }]);
  // Nothing of what was pushed out still counts.
  for (let i = 0; i < 4; i++) notes.info(long);
  expect(tail.since("notes", 0).map(({ number }) => number)).toEqual([23, 24, 25, 26, 27]);
});

test("whoever waits hears of the next line of that plugin, or of the signal", async () => {
  const { log, tail } = await start();
  const notes = log.child({ plugin: "notes" });
  const end = new AbortController();
  notes.info("before");
  await tail.next("notes", 0, end.signal);
  const heard: string[] = [];
  const waiting = [1, 2].map((who) =>
    tail.next("notes", 1, end.signal).then(() => heard.push(`${who}`)),
  );
  log.child({ plugin: "shop" }).info("other");
  await Promise.resolve();
  expect(heard).toEqual([]);
  notes.info("now");
  await Promise.all(waiting);
  expect(heard).toEqual(["1", "2"]);
  const last = tail.next("notes", 2, end.signal);
  end.abort();
  await last;
  await tail.next("notes", 2, end.signal);
});

test("of very many plugins, those that nobody listens to are forgotten first", async () => {
  const { log, tail } = await start();
  const end = new AbortController();
  const heard = tail.next("heard", 0, end.signal);
  log.info({ plugin: "unheard" }, "early");
  for (let i = 0; i < 300; i++) log.info({ plugin: `p${i}` }, "one of many");
  expect([tail.newest("unheard"), tail.newest("p0"), tail.newest("p299")]).toEqual([0, 0, 1]);
  log.info({ plugin: "heard" }, "still");
  await heard;
  expect(messages(tail.since("heard", 0))).toEqual(["still"]);
  end.abort();
});

test("a log of another making keeps no lines", () => {
  expect(tailOf(silent)).toBeUndefined();
});

function messages(lines: readonly { readonly text: string }[]): string[] {
  return lines.map(({ text }) => (JSON.parse(text) as { msg: string }).msg);
}

async function start() {
  const written: string[] = [];
  const log = createLog({ destination: { write: (line) => written.push(line) } });
  return { log, written, tail: tailOf(log.child({}))! };
}
