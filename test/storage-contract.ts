import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { decodeUtf8, readAll } from "../src/message/index.ts";
import { Storage, type StorageEngine } from "../src/storage/index.ts";
import { Links } from "../src/storage/links.ts";

export interface Place {
  /** Another engine on the same files, as another process has one. */
  open(): StorageEngine;
  remove(): Promise<void>;
}

/** What any engine must do, whatever it stands on. @param create makes an empty place for files */
export function storageContract(name: string, create: () => Promise<Place>): void {
  const it = (text: string, run: (files: Storage, others: Storage) => Promise<void>): void =>
    test(text, async () => {
      const place = await create();
      try {
        await run(storageOf(place), storageOf(place));
      } finally {
        await place.remove();
      }
    });

  describe(`${name} as a storage`, () => {
    it("keeps text, bytes and streams, with what is known of them", async (files, others) => {
      const before = Date.now();
      const put = await files.put("notes/a.txt", "grün", { metadata: { by: "Zoë", empty: "" } });
      const found = (await others.get("notes/a.txt"))!;
      expect(await found.text()).toBe("grün");
      expect(found).toEqual(put);
      expect(await others.stat("notes/a.txt")).toMatchObject({
        key: "notes/a.txt",
        size: 5,
        contentType: "text/plain",
        metadata: { by: "Zoë", empty: "" },
      });
      expect(found.modified.getTime()).toBeGreaterThanOrEqual(Math.floor(before / 1000) * 1000);
      expect(found.modified.getTime()).toBeLessThan(before + 10_000);

      await files.put("b", Uint8Array.of(0, 255, 13, 10));
      const bytes = (await files.get("b"))!;
      expect([...(await bytes.bytes()), bytes.contentType]).toEqual([
        0,
        255,
        13,
        10,
        "application/octet-stream",
      ]);
      await files.put("c", Readable.from(["a", Buffer.from("b"), "ü"]), {
        contentType: "text/csv",
      });
      const streamed = (await files.get("c"))!;
      expect([await streamed.text(), streamed.size, streamed.contentType]).toEqual([
        "abü",
        4,
        "text/csv",
      ]);
    });

    it("keeps an empty file", async (files) => {
      await files.put("empty", "");
      const file = (await files.get("empty"))!;
      expect([file.size, await file.text(), (await file.bytes()).length]).toEqual([0, "", 0]);
      expect(file.etag).not.toBe("");
    });

    it("knows nothing of what is not there", async (files) => {
      expect(await files.get("none")).toBeUndefined();
      expect(await files.stat("none")).toBeUndefined();
      expect(await files.delete("none")).toBe(false);
      expect(await keysOf(files)).toEqual([]);
    });

    it("removes a file, once", async (files, others) => {
      await files.put("a", "1");
      await files.put("a/b", "2");
      expect(await others.delete("a")).toBe(true);
      expect(await files.delete("a")).toBe(false);
      expect(await files.get("a")).toBeUndefined();
      expect(await (await files.get("a/b"))!.text()).toBe("2");
    });

    it("puts a file in the place of another one; its content makes its etag", async (files) => {
      const first = await files.put("a", "one", { metadata: { v: "1" } });
      const second = await files.put("a", "two!");
      const again = await files.put("b", "one");
      expect(second.etag).not.toBe(first.etag);
      expect(again.etag).toBe(first.etag);
      expect(first.etag).toMatch(/^[\x21\x23-\x7e]+$/);
      const found = (await files.get("a"))!;
      expect([await found.text(), found.metadata]).toEqual(["two!", {}]);
    });

    it("gives parts of a file", async (files) => {
      const file = await files.put("a", "0123456789");
      const part = async (start: number, end: number) => textOf(file.read(start, end));
      expect(await part(0, 10)).toBe("0123456789");
      expect(await part(0, 1)).toBe("0");
      expect(await part(9, 10)).toBe("9");
      expect(await part(3, 7)).toBe("3456");
      expect(await part(4, 4)).toBe("");
      expect(await part(10, 10)).toBe("");
      for (const [start, end] of [
        [-1, 2],
        [0, 11],
        [5, 4],
        [0.5, 2],
        [0, NaN],
      ] as const)
        expect(() => file.read(start, end)).toThrow(RangeError);
    });

    it("reads what was looked up, or says that it has changed; never anything else", async (files) => {
      const old = await files.put("a", "old content");
      await files.put("a", "new content");
      await expect(old.text()).rejects.toMatchObject({ code: "NX_STORAGE_CHANGED" });
      const again = (await files.get("a"))!;
      await files.put("a", "new content", { contentType: "text/csv" });
      expect(await again.text()).toBe("new content");
      const gone = (await files.get("a"))!;
      await files.delete("a");
      await expect(gone.read(2, 4)[Symbol.asyncIterator]().next()).rejects.toMatchObject({
        code: "NX_STORAGE_CHANGED",
      });
    });

    it("goes on with a content that is replaced while it is read", async (files) => {
      const size = 3 * 1024 * 1024;
      const file = await files.put("a", Buffer.alloc(size, "a"));
      const parts: Uint8Array[] = [];
      for await (const part of file.stream()) {
        if (!parts.length) await files.put("a", Buffer.alloc(size, "b"));
        parts.push(part);
      }
      expect(Buffer.concat(parts).equals(Buffer.alloc(size, "a"))).toBe(true);
    });

    it("leaves what was there when the new content breaks off", async (files) => {
      await files.put("a", "whole");
      await expect(files.put("a", broken())).rejects.toThrow(new RangeError("the client has gone"));
      await expect(files.put("b", broken())).rejects.toThrow(RangeError);
      expect(await (await files.get("a"))!.text()).toBe("whole");
      expect(await keysOf(files)).toEqual(["a"]);
    });

    it("takes chunks of any size, from a source that uses its memory again", async (files) => {
      const sizes = [1, 0, 70_000, 65_536, 3, 200_000, 65_535, 2, 1];
      const memory = new Uint8Array(200_000);
      const whole = Buffer.concat(sizes.map((size, at) => Buffer.alloc(size, at + 65)));
      const source = async function* () {
        for (const [at, size] of sizes.entries()) yield memory.fill(at + 65).subarray(0, size);
      };
      const file = await files.put("a", source());
      expect(file.size).toBe(whole.length);
      expect(Buffer.from(await file.bytes()).equals(whole)).toBe(true);
    });

    it("keeps any key apart from any other", async (files, others) => {
      for (const key of oddKeys) await files.put(key, `content of ${key}`);
      for (const key of oddKeys)
        expect(await (await others.get(key))!.text()).toBe(`content of ${key}`);
      expect((await keysOf(others)).toSorted()).toEqual(oddKeys.toSorted());
      for (const key of oddKeys) expect(await files.delete(key)).toBe(true);
      expect(await keysOf(others)).toEqual([]);
    });

    it("refuses keys that are no path of plain names, whatever is asked", async (files) => {
      for (const key of badKeys) {
        const refused = expect.objectContaining({ code: "NX_STORAGE_KEY" });
        await expect(files.put(key, "x")).rejects.toEqual(refused);
        await expect(files.get(key)).rejects.toEqual(refused);
        await expect(files.stat(key)).rejects.toEqual(refused);
        await expect(files.delete(key)).rejects.toEqual(refused);
        await expect(files.url(key)).rejects.toEqual(refused);
      }
    });

    it("lists by the beginning of keys, in the order of their UTF-8", async (files) => {
      const keys = ["a/1", "a/10", "a/2", "a", "b", "A", "a/ü", "a/\u{1f600}", "a/\uffee"];
      for (const key of keys.toReversed()) await files.put(key, key);
      expect(await keysOf(files)).toEqual([
        "A",
        "a",
        "a/1",
        "a/10",
        "a/2",
        "a/ü",
        "a/\uffee",
        "a/\u{1f600}",
        "b",
      ]);
      expect(await keysOf(files, "a/")).toHaveLength(6);
      expect(await keysOf(files, "a/1")).toEqual(["a/1", "a/10"]);
      expect(await keysOf(files, "c")).toEqual([]);
      for await (const info of files.list("a/2"))
        expect(info).toEqual(expect.objectContaining({ size: 3, contentType: "text/plain" }));
    });

    it("lists while files come and go", async (files) => {
      for (let n = 10; n < 40; n++) await files.put(`f${n}`, "x");
      const seen: string[] = [];
      for await (const { key } of files.list("f")) {
        seen.push(key);
        if (key === "f10") for (let n = 30; n < 40; n++) await files.delete(`f${n}`);
      }
      expect(seen.slice(0, 20)).toEqual(Array.from({ length: 20 }, (_, n) => `f${n + 10}`));
    });

    it("of many who write one key at once, one content stands, whole", async (files, others) => {
      const contents = Array.from({ length: 20 }, (_, n) => String(n % 10).repeat(150_000 + n));
      const over = new AbortController();
      const seen = new Set<string>();
      const reading = (async () => {
        while (!over.signal.aborted) {
          const text = await (await others.get("a"))?.text().catch(changed);
          if (text !== undefined) seen.add(text);
        }
      })();
      await Promise.all(contents.map((text, n) => (n % 2 ? files : others).put("a", text)));
      over.abort();
      await reading;
      expect(contents).toContain(await (await files.get("a"))!.text());
      expect([...seen].filter((text) => !contents.includes(text))).toEqual([]);
    });

    it("stands many who put and remove the same few at once", async (files, others) => {
      await Promise.all([0, 1, 2, 3, 4, 5].map((n) => comeAndGo(n % 2 ? files : others, n)));
      for (const key of await keysOf(files)) await files.delete(key);
      expect(await keysOf(others)).toEqual([]);
    });

    it("refuses metadata that not every place can keep", async (files) => {
      const refused = expect.objectContaining({ code: "NX_STORAGE_METADATA" });
      for (const metadata of [{ Name: "x" }, { "": "x" }, { a: "x\ny" }, { a: "x".repeat(2048) }])
        await expect(files.put("a", "x", { metadata })).rejects.toEqual(refused);
      const { metadata } = await files.put("a", "x", { metadata: { a: `"${"ü".repeat(1022)}"` } });
      expect((await files.get("a"))!.metadata).toEqual(metadata);
    });

    it("keeps no content type that is none", async (files) => {
      for (const contentType of ["text", "", "a/b\r\nX-Evil: 1", "text/ü", `a/${"b".repeat(300)}`])
        expect((await files.put("a", "x", { contentType })).contentType).toBe(
          "application/octet-stream",
        );
      const { contentType } = await files.put("a", "x", { contentType: "Text/CSV; header=absent" });
      expect(contentType).toBe("Text/CSV; header=absent");
    });

    it("makes links that hold up to a week", async (files) => {
      const refused = expect.objectContaining({ code: "NX_STORAGE_URL" });
      for (const expiresIn of [0, -1, 604_801, 1.5, NaN])
        await expect(files.url("a", { expiresIn })).rejects.toEqual(refused);
      expect(await files.url("a b/ü", { expiresIn: 604_800 })).toMatch(/\ba%20b\/%C3%BC\?/);
    });
  });
}

const oddKeys = [
  "plain",
  "Plain",
  "PLAIN",
  "plain/inner",
  "with space",
  " ",
  " leading",
  "trailing ",
  "trailing.",
  "...",
  "..a/b..",
  ".hidden",
  "CON",
  "nul.txt",
  "aux/com1",
  'a:b*c?d"e<f>g|h',
  "100%",
  "a%2Fb",
  "a#b?c=d&e",
  "~/$HOME/`id`",
  "-rf",
  "ü",
  "u\u0308",
  "日本語/ファイル.png",
  "\u{1f600}",
  "\u202etxt.exe",
  "drafts",
  "__proto__",
  "k".repeat(1024),
  `${"k".repeat(1022)}/z`,
];

const badKeys = [
  "",
  "/",
  "/a",
  "a/",
  "a//b",
  ".",
  "..",
  "a/../b",
  "../../etc/passwd",
  "a/.",
  "a\\b",
  "a\0b",
  "a\nb",
  "a\u007f",
  "a\u0085b",
  "\ud800",
  "k".repeat(1025),
  "ü".repeat(513),
  undefined as never,
  7 as never,
];

async function comeAndGo(files: Storage, n: number): Promise<void> {
  for (let round = 0; round < 25; round++) {
    const key = `few/${(round + n) % 3}`;
    if ((round + n) % 2) await files.put(key, String(n).repeat(1000));
    else await files.delete(key);
    const text = await (await files.get(key))?.text().catch(changed);
    if (text !== undefined) expect([text.length, new Set(text).size]).toEqual([1000, 1]);
  }
}

async function* broken() {
  yield Buffer.alloc(300_000);
  throw new RangeError("the client has gone");
}

function storageOf(place: Place): Storage {
  return new Storage(place.open(), new Links(async () => ["s".repeat(32)]));
}

async function keysOf(files: Storage, prefix?: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of files.list(prefix)) keys.push(key);
  return keys;
}

async function textOf(parts: AsyncIterable<Uint8Array>): Promise<string> {
  return decodeUtf8(await readAll(parts, Infinity));
}

/** For a reader between `get` and the first byte. */
function changed(error: unknown): undefined {
  expect(error).toMatchObject({ code: "NX_STORAGE_CHANGED" });
  return undefined;
}
