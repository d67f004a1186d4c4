import { mkdir, mkdtemp, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { onError } from "../http/index.ts";
import { get, post } from "../http/index.ts";
import { createLog } from "../log.ts";
import { Plugin } from "../plugin/index.ts";
import { TestClient } from "../testing/index.ts";
import { FileResponse, type FileResponseOptions } from "./file-response.ts";
import type { FileSource } from "./file-source.ts";

const content = "0123456789".repeat(10) + "abcd";
const changed = new Date("2024-05-06T07:08:09.123Z");
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nexus-files-"));
  for (const name of ["page.html", "data.bin", "noend", "table.csv"]) {
    await writeFile(join(folder, name), content);
    await utimes(join(folder, name), changed, changed);
  }
  await writeFile(join(folder, "empty.txt"), "");
  await mkdir(join(folder, "folder"));
  await symlink(join(folder, "data.bin"), join(folder, "link"));
});
afterAll(() => rm(folder, { recursive: true }));

async function ask(
  file: string | FileSource,
  options?: FileResponseOptions,
  headers: Record<string, string> = {},
  method: "GET" | "HEAD" | "POST" = "GET",
) {
  const answer = (): FileResponse =>
    new FileResponse(typeof file === "string" ? join(folder, file) : file, options);
  class Files extends Plugin {
    read = get("/", answer);
    make = post("/", answer);
  }
  await using client = await TestClient.of(Files);
  return await client.request(method, "/", { headers });
}

async function fieldOf(name: string, ...asked: Parameters<typeof ask>): Promise<string | null> {
  return (await ask(...asked)).headers.get(name);
}

test("a file is sent with its type, length, date, tag and name (F1)", async () => {
  const response = await ask("page.html", { filename: "report.html" });
  expect([response.status, await response.text()]).toEqual([200, content]);
  expect(response.headers.toJSON()).toMatchObject({
    "content-type": "text/html; charset=utf-8",
    "content-length": "104",
    "accept-ranges": "bytes",
    "last-modified": "Mon, 06 May 2024 07:08:09 GMT",
    etag: expect.stringMatching(/^"[0-9a-z-]+"$/),
    "content-disposition": 'attachment; filename="report.html"',
  });
});

test("the type is what is said, else what the name or the path ends with, else bytes", async () => {
  expect(await fieldOf("content-type", "page.html", { mediaType: "text/csv" })).toBe(
    "text/csv; charset=utf-8",
  );
  expect(await fieldOf("content-type", "page.html", { headers: { "Content-Type": "a/b" } })).toBe(
    "a/b",
  );
  expect(await fieldOf("content-type", "page.html", { filename: "x.pdf" })).toBe("application/pdf");
  expect(await fieldOf("content-type", "data.bin", { filename: "x.unheard-of" })).toBe(
    "application/octet-stream",
  );
  expect(await fieldOf("content-type", "page.html", { filename: "x.unheard-of" })).toBe(
    "text/html; charset=utf-8",
  );
  expect(await fieldOf("content-type", "noend")).toBe("application/octet-stream");
});

test("without a name nothing is said of keeping it; it may be shown under a name", async () => {
  expect(await fieldOf("content-disposition", "data.bin")).toBeNull();
  expect(await fieldOf("content-disposition", "data.bin", { disposition: "inline" })).toBe(
    "inline",
  );
  expect(await fieldOf("content-disposition", "data.bin", { disposition: "attachment" })).toBe(
    "attachment",
  );
  expect(
    await fieldOf("content-disposition", "data.bin", { disposition: "inline", filename: "a.png" }),
  ).toBe('inline; filename="a.png"');
  expect(
    await fieldOf("content-disposition", "data.bin", {
      filename: "a",
      headers: { "Content-Disposition": "form-data" },
    }),
  ).toBe("form-data");
});

test("another status and headers can be said, and cookies set", async () => {
  class Files extends Plugin {
    read = get("/", () => {
      const response = new FileResponse(join(folder, "page.html"), {
        status: 404,
        headers: { "Cache-Control": "no-store", ETag: '"own"' },
      });
      response.setCookie("a", "1");
      response.setCookie("b", "2");
      return response;
    });
  }
  await using client = await TestClient.of(Files);
  const response = await client.get("/", { headers: { range: "bytes=0-4", "if-none-match": "*" } });
  // Neither ranges nor conditions mean the page that says that something is missing.
  expect([response.status, await response.text()]).toEqual([404, content]);
  expect(response.headers.get("accept-ranges")).toBeNull();
  expect(response.headers.getAll("etag")).toEqual(['"own"']);
  expect(response.headers.get("cache-control")).toBe("no-store");
  expect(response.headers.getSetCookie()).toHaveLength(2);
});

test("the tag changes with the content, and stays while it stays", async () => {
  const before = await fieldOf("etag", "table.csv");
  expect(await fieldOf("etag", "table.csv")).toBe(before);
  await writeFile(join(folder, "table.csv"), content);
  expect(await fieldOf("etag", "table.csv")).not.toBe(before);
});

test("HEAD has all headers of the file, and no body (F8)", async () => {
  const whole = await ask("page.html", { filename: "a.html" });
  const head = await ask("page.html", { filename: "a.html" }, { range: "bytes=0-4" }, "HEAD");
  expect([head.status, await head.text()]).toEqual([200, ""]);
  const { "x-request-id": _, ...headers } = whole.headers.toJSON();
  expect(head.headers.toJSON()).toMatchObject(headers);
});

test("an empty file is sent, also in ranges that it has none of", async () => {
  const response = await ask("empty.txt");
  expect([response.status, await response.text()]).toEqual([200, ""]);
  expect(response.headers.get("content-length")).toBe("0");
  expect((await ask("empty.txt", {}, { range: "bytes=-5" })).status).toBe(200);
  expect((await ask("empty.txt", {}, { range: "bytes=0-" })).status).toBe(416);
});

test("a link is followed; what POST answers is sent whole", async () => {
  expect(await (await ask("link")).text()).toBe(content);
  const headers = { range: "bytes=0-4", "if-none-match": "*" };
  const posted = await ask("data.bin", {}, headers, "POST");
  expect([posted.status, await posted.text()]).toEqual([200, content]);
});

test("a missing file and a folder are a 500; the path is in the log, not in the answer (F9)", async () => {
  const lines: string[] = [];
  const log = createLog({ destination: { write: (line) => lines.push(line) } });
  class Files extends Plugin {
    read = get("/{name}", ({ name }) => new FileResponse(join(folder, name)));
  }
  await using client = await TestClient.of(Files, { log, raiseErrors: false });
  for (const name of ["gone", "folder"]) {
    for (const method of ["GET", "HEAD"]) {
      lines.length = 0;
      const response = await client.request(method, `/${name}`);
      expect([name, response.status]).toEqual([name, 500]);
      expect(JSON.stringify([await response.text(), response.headers])).not.toContain(folder);
      expect(lines.join()).toContain(`NX_FILE`);
      expect(lines.join()).toContain(join(folder, name));
    }
  }
});

test("layers around see what is sent, wherever the file comes from", async () => {
  const seen: unknown[] = [];
  class Files extends Plugin {
    read = get("/read", () => new FileResponse(join(folder, "data.bin")));
    layer = get(
      "/layer",
      { middleware: [() => new FileResponse(join(folder, "data.bin"))] },
      () => 1,
    );
    fails = get("/fails", () => {
      throw new RangeError("x");
    });
  }
  await using client = await TestClient.of(Files, {
    errorHandlers: [onError(RangeError, () => new FileResponse(join(folder, "data.bin")))],
    middleware: [
      async (_, next) => {
        const response = await next();
        seen.push([response.status, response.headers.get("content-range")]);
        return response;
      },
    ],
  });
  for (const path of ["/read", "/layer", "/fails"]) {
    const response = await client.get(path, { headers: { range: "bytes=4-5" } });
    expect([response.status, await response.text()]).toEqual([206, "45"]);
  }
  expect(seen).toEqual(Array.from({ length: 3 }, () => [206, "bytes 4-5/104"]));
});

test("app.fetch sends files too", async () => {
  class Files extends Plugin {
    read = get("/", () => new FileResponse(join(folder, "data.bin")));
  }
  await using client = await TestClient.of(Files);
  const url = "http://localhost/";
  const part = await client.app.fetch(new Request(url, { headers: { range: "bytes=-3" } }));
  expect([part.status, await part.text()]).toEqual([206, "bcd"]);
  const etag = part.headers.get("etag")!;
  const known = await client.app.fetch(new Request(url, { headers: { "if-none-match": etag } }));
  expect([known.status, await known.text()]).toEqual([304, ""]);
  const head = await client.app.fetch(new Request(url, { method: "HEAD" }));
  expect([head.headers.get("content-length"), await head.text()]).toEqual(["104", ""]);
});

test("whatever can be read from any place is sent like a file", async () => {
  const asked: [number, number][] = [];
  const source: FileSource = {
    size: content.length,
    etag: "v1",
    contentType: "text/plain",
    async *read(start, end) {
      asked.push([start, end]);
      for (let at = start; at < end; at += 7)
        yield Buffer.from(content.slice(at, Math.min(at + 7, end)));
    },
  };
  const whole = await ask(source, { filename: "x.png" });
  expect(await whole.text()).toBe(content);
  expect(whole.headers.get("content-type")).toBe("text/plain; charset=utf-8");
  expect(whole.headers.get("etag")).toBe('"v1"');
  expect(whole.headers.get("last-modified")).toBeNull();
  expect(await (await ask(source, {}, { range: "bytes=90-" })).text()).toBe(content.slice(90));
  expect((await ask(source, {}, { "if-none-match": '"v1"' })).status).toBe(304);
  expect((await ask(source, {}, {}, "HEAD")).headers.get("content-length")).toBe("104");
  expect(asked).toEqual([
    [0, 104],
    [90, 104],
  ]);
});

test("a source that gives more or less than it was asked for breaks the answer off", async () => {
  for (const size of [103, 105]) {
    const source: FileSource = {
      size,
      async *read() {
        yield Buffer.from(content);
      },
    };
    await expect(ask(source)).rejects.toThrow(expect.objectContaining({ code: "NX_FILE" }));
  }
});

test("what is no file is refused when the answer is made, with the cure", () => {
  for (const none of [undefined, null, Promise.resolve(), {}])
    expect(() => new FileResponse(none as never)).toThrow(
      expect.objectContaining({ code: "NX_FILE", message: expect.stringContaining("Await") }),
    );
});

test("a date that is still to come is no date of a change", async () => {
  const path = join(folder, "future");
  await writeFile(path, "x");
  await utimes(path, new Date(), new Date(Date.now() + 86_400_000));
  const said = Date.parse((await ask("future")).headers.get("last-modified")!);
  expect(said).toBeLessThanOrEqual(Date.now());
});
