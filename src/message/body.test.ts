import { expect, test } from "vitest";
import { bytesOf, decodeUtf8, readAll } from "./body.ts";

test("a stream is read to its end", async () => {
  expect(await readAll(chunks("ab", "c"), 3)).toEqual(Buffer.from("abc"));
  expect((await readAll(chunks(), 0)).byteLength).toBe(0);
});

test("a stream that is too long is left as soon as that is known, and closed", async () => {
  const taken: string[] = [];
  let closed = false;
  async function* source() {
    try {
      for (const text of ["abc", "def", "ghi"]) {
        taken.push(text);
        yield Buffer.from(text);
      }
    } finally {
      closed = true;
    }
  }
  await expect(readAll(source(), 5)).rejects.toMatchObject({
    status: 413,
    errorCode: "BODY_TOO_LARGE",
    detail: "The body is larger than 5 bytes",
  });
  expect([taken, closed]).toEqual([["abc", "def"], true]);
});

test("bytes that are not UTF-8 are refused, not repaired", () => {
  expect(decodeUtf8(Buffer.from("ä日😀"))).toBe("ä日😀");
  for (const bytes of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0x80]]) {
    expect(() => decodeUtf8(Uint8Array.from(bytes))).toThrow(TypeError);
  }
});

test("a size is a number of bytes, or a text with its unit", () => {
  expect(bytesOf(17)).toBe(17);
  expect(bytesOf("17B")).toBe(17);
  expect(bytesOf("1.5KB")).toBe(1536);
  expect(bytesOf("10MB")).toBe(10 * 1024 * 1024);
  expect(bytesOf("1GB")).toBe(1024 ** 3);
});

test("a size that cannot be read is refused: it would be no limit at all", () => {
  for (const size of ["10mb", "1e3MB", "-1MB", "1.2.3MB", ".MB", "MB", "10", NaN, -1]) {
    expect(() => bytesOf(size as never)).toThrow(expect.objectContaining({ code: "NX_SIZE" }));
  }
});

async function* chunks(...texts: string[]): AsyncIterable<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}
