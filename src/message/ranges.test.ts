import { array, assert, asyncProperty, integer, oneof, tuple } from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { get } from "../http/index.ts";
import { Plugin } from "../plugin/index.ts";
import { TestClient } from "../testing/index.ts";
import { FileResponse } from "./file-response.ts";

const content = "0123456789".repeat(10) + "abcd";

class Files extends Plugin {
  read = get("/", () => {
    const read = async function* (start: number, end: number) {
      yield Buffer.from(content.slice(start, end));
    };
    return new FileResponse({ size: content.length, contentType: "text/plain", read });
  });
}
let client: TestClient;
beforeAll(async () => {
  client = await TestClient.of(Files);
  return () => client[Symbol.asyncDispose]();
});

const ask = (range: string) => client.get("/", { headers: { Range: range } });

test("one range is a 206 with its place; ends are cut to the file (F2)", async () => {
  const cases: Record<string, [place: string, text: string]> = {
    "bytes=0-4": ["0-4", "01234"],
    "bytes=0-0": ["0-0", "0"],
    "bytes=100-": ["100-103", "abcd"],
    "bytes=-4": ["100-103", "abcd"],
    "bytes=-200": ["0-103", content],
    "bytes=0-": ["0-103", content],
    "bytes=100-999": ["100-103", "abcd"],
    "bytes=103-99999999999999999999999": ["103-103", "d"],
    "BYTES = 1 - 2 ": ["1-2", "12"],
    "bytes=,5-6,": ["5-6", "56"],
  };
  for (const [range, [place, text]] of Object.entries(cases)) {
    const response = await ask(range);
    expect([range, response.status, await response.text()]).toEqual([range, 206, text]);
    expect(response.headers.get("content-range")).toBe(`bytes ${place}/104`);
    expect(response.headers.get("content-length")).toBe(String(text.length));
    expect(response.headers.get("content-type")).toBe("text/plain; charset=utf-8");
  }
});

test("a range beyond the end is a 416 that says how long the file is (F3)", async () => {
  for (const range of ["bytes=104-", "bytes=104-200", "bytes=-0", "bytes=200-300,-0"]) {
    const response = await ask(range);
    expect([range, response.status]).toEqual([range, 416]);
    expect(response.headers.get("content-range")).toBe("bytes */104");
    expect(await response.json()).toMatchObject({ detail: "Range Not Satisfiable" });
  }
});

test("what is no range of bytes is a 400 (F4)", async () => {
  const broken = ["items=0-4", "bytes=5-2", "bytes", "bytes=", "bytes=-", "bytes=a-b", "0-4"];
  for (const range of [...broken, "bytes=1-2,x", "bytes=--5", "bytes=+1-2", "bytes=1.0-2"]) {
    const response = await ask(range);
    expect([range, response.status]).toEqual([range, 400]);
    expect(await response.json()).toMatchObject({ error_code: "MALFORMED_RANGE" });
  }
});

test("several ranges are multipart/byteranges of exact length, in the order asked (F5)", async () => {
  const response = await ask("bytes=100-101,0-4,-1");
  expect(response.status).toBe(206);
  const [, boundary] = /^multipart\/byteranges; boundary=(\w+)$/.exec(
    response.headers.get("content-type")!,
  )!;
  const part = (place: string, text: string) =>
    `--${boundary}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes ${place}/104\r\n\r\n${text}\r\n`;
  expect(await response.text()).toBe(
    `${part("100-101", "ab")}${part("0-4", "01234")}${part("103-103", "d")}--${boundary}--\r\n`,
  );
  expect(response.headers.get("content-length")).toBe(String(response.bytes().byteLength));
  expect(response.headers.get("content-range")).toBeNull();
});

test("ranges that overlap or touch are one; one beyond the end is left out (F5)", async () => {
  for (const range of ["bytes=0-4,2-9", "bytes=5-9,0-4", "bytes=0-9,3-4,500-", "bytes=0-4,5-9"]) {
    const response = await ask(range);
    expect([range, response.status, await response.text()]).toEqual([range, 206, "0123456789"]);
    expect(response.headers.get("content-range")).toBe("bytes 0-9/104");
  }
});

test("more than a hundred ranges are refused: nobody needs them", async () => {
  expect((await ask(singles(100))).status).toBe(206);
  const refused = await ask(singles(101));
  expect([refused.status, refused.headers.get("content-range")]).toEqual([416, "bytes */104"]);
});

test("the parts are the bytes asked for, whatever the ranges", async () => {
  const place = integer({ min: 0, max: 130 });
  const range = oneof(
    tuple(place, place).map((pair) => pair.toSorted((a, b) => a - b).join("-")),
    place.map((start) => `${start}-`),
    place.map((length) => `-${length}`),
  );
  await assert(
    asyncProperty(array(range, { minLength: 1, maxLength: 6 }), async (ranges) => {
      const wanted = new Set(ranges.flatMap(bytesIn));
      const response = await ask(`bytes=${ranges.join()}`);
      expect(response.status).toBe(wanted.size ? 206 : 416);
      if (!wanted.size) return;
      const got = await partsOf(response);
      expect(response.headers.get("content-length")).toBe(String(response.bytes().byteLength));
      for (const { start, text } of got)
        expect(text).toBe(content.slice(start, start + text.length));
      const sent = got.flatMap(({ start, text }) =>
        Array.from({ length: text.length }, (_, i) => start + i),
      );
      expect(sent.toSorted((a, b) => a - b)).toEqual([...wanted].toSorted((a, b) => a - b));
    }),
    { numRuns: 300 },
  );
});

/** So many ranges of one byte each. */
function singles(count: number): string {
  const places = Array.from({ length: count }, (_, i) => (i * 3) % 99);
  return `bytes=${places.map((place) => `${place}-${place}`).join()}`;
}

function bytesIn(range: string): number[] {
  const [first, last] = range.split("-") as [string, string];
  const start = first === "" ? Math.max(0, 104 - Number(last)) : Number(first);
  const end = first === "" || last === "" ? 103 : Math.min(103, Number(last));
  return Array.from({ length: Math.max(0, end - start + 1) }, (_, i) => start + i);
}

async function partsOf(response: Awaited<ReturnType<typeof ask>>) {
  const text = await response.text();
  const whole = /^bytes (\d+)-/.exec(response.headers.get("content-range") ?? "");
  if (whole) return [{ start: Number(whole[1]), text }];
  return [...text.matchAll(/Content-Range: bytes (\d+)-\d+\/104\r\n\r\n(.*)\r\n/g)].map(
    ([, start, part]) => ({ start: Number(start), text: part! }),
  );
}
