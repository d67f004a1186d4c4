import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { settingsKey } from "../config/index.ts";
import { get, post } from "../http/index.ts";
import { Plugin } from "../plugin/index.ts";
import { inject } from "../services.ts";
import { TestClient } from "../testing/index.ts";
import { Storage, type UrlOptions } from "./index.ts";

class Files extends Plugin {
  files = inject(Storage);
}

afterEach(() => vi.useRealTimers());

async function start(settings: { readonly secret?: string } = {}) {
  const client = await TestClient.of(Files, { settings });
  const files = client.app.run(() => inject(Storage));
  const link = async (key: string, content: string, contentType: string, options?: UrlOptions) => {
    await files.put(key, content, { contentType });
    return files.url(key, options);
  };
  return { client, files, link };
}

test("a link gives its file to whoever has it", async () => {
  const { client, link } = await start();
  await using _ = client;
  const url = await link("reports/Umsätze 100%.csv", "a,b", "text/csv");
  expect(url).toMatch(/^\/storage\/reports\/Ums%C3%A4tze%20100%25\.csv\?/);
  const answer = await client.get(url);
  expect([answer.status, await answer.text()]).toEqual([200, "a,b"]);
  expect(answer.headers.get("content-type")).toBe("text/csv; charset=utf-8");
  expect(answer.headers.get("content-disposition")).toMatch(
    /^attachment; .*filename\*=UTF-8''Ums%C3%A4tze%20100%25\.csv$/,
  );
  expect(answer.headers.get("cache-control")).toBe("private, no-cache");
});

test("a part of a linked file can be asked for, and what the client has is not sent again", async () => {
  const { client, link } = await start();
  await using _ = client;
  const url = await link("a", "0123456789", "text/plain");
  const part = await client.get(url, { headers: { range: "bytes=2-4" } });
  expect([part.status, await part.text()]).toEqual([206, "234"]);
  const etag = part.headers.get("etag")!;
  expect((await client.get(url, { headers: { "if-none-match": etag } })).status).toBe(304);
  const head = await client.head(url);
  expect([head.status, head.headers.get("content-length")]).toEqual([200, "10"]);
});

test("a link says what the file is called, and whether a browser shows it", async () => {
  const { client, link } = await start();
  await using _ = client;
  const disposition = async (contentType: string, options: UrlOptions) => {
    const answer = await client.get(await link("a", "x", contentType, options));
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
    expect(answer.headers.get("content-security-policy")).toMatch(/^sandbox; default-src 'none'/);
    expect(answer.headers.get("referrer-policy")).toBe("no-referrer");
    return answer.headers.get("content-disposition");
  };
  const inline = { disposition: "inline", filename: "b.png" } as const;
  expect(await disposition("image/png", inline)).toBe('inline; filename="b.png"');
  expect(await disposition("image/png", { filename: "b.png" })).toBe(
    'attachment; filename="b.png"',
  );
  // What could run in a browser is never shown, whatever the link says.
  const types =
    "text/html image/svg+xml video/svg+xml audio/x+xml application/pdf text/plainish text/xml";
  for (const type of types.split(" "))
    expect(await disposition(type, inline)).toBe('attachment; filename="b.png"');
  // Sound is played by asking for it again, which a sandbox does not let through.
  const sound = await client.get(await link("a", "x", "audio/wav", inline));
  expect(sound.headers.get("content-disposition")).toBe('inline; filename="b.png"');
  expect(sound.headers.get("content-security-policy")).toMatch(/^default-src 'none'/);
  expect(await disposition("a", { filename: 'x"\r\nSet-Cookie: a=b' })).not.toMatch(/[\r\n]/);
  expect(await disposition("a", { filename: "half \ud83d.txt" })).toContain(
    "UTF-8''half%20%EF%BF%BD",
  );
});

test("a link that was changed anywhere, or that nobody signed, is refused", async () => {
  const { client, files, link } = await start();
  await using _ = client;
  await files.put("other", "secret");
  const url = await link("a", "x", "image/png", { expiresIn: 60 });
  const [path, query] = url.split("?") as [string, string];
  const end = new URLSearchParams(query).get("expires")!;
  const forged = [
    path,
    url.replace("/storage/a", "/storage/other"),
    url.replace("attachment", "inline"),
    url.replace("filename=a", "filename=b.exe"),
    url.replace(end, String(Number(end) + 1)),
    url.replace(end, `0${end}`),
    url.replace(/signature=.*/, "signature="),
    url.replace(/signature=../, "signature="),
    url.replace(/.$/, (last) => (last === "0" ? "1" : "0")),
    url.replace(/signature=(.*)/, "signature=$1$1"),
    `${url}0`,
    `${url}zz`,
    url.replace(/signature=(.*)/, (all) => all.toUpperCase().replace("SIGNATURE", "signature")),
    "/storage/none",
    "/storage/../a",
    "/storage/",
  ];
  for (const one of forged) {
    const answer = await client.get(one);
    expect([one, answer.status]).toEqual([one, 403]);
    expect(await answer.json()).toMatchObject({ detail: "The link is not valid, or no longer" });
  }
  expect((await client.get(url)).status).toBe(200);
});

test("a link ends when its time is over, and with its file", async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: 1_800_000_000_500 });
  const { client, files, link } = await start();
  await using _ = client;
  const url = await link("a", "x", "text/plain", { expiresIn: 60 });
  vi.setSystemTime(1_800_000_059_900);
  expect((await client.get(url)).status).toBe(200);
  vi.setSystemTime(1_800_000_061_000);
  expect((await client.get(url)).status).toBe(403);
  const next = await files.url("a");
  await files.delete("a");
  const gone = await client.get(next);
  expect([gone.status, await gone.json()]).toMatchObject([404, { detail: "File not found" }]);
});

test("links outlive a change of the secret as long as the old one stands beside the new one", async () => {
  const [old, fresh] = ["o".repeat(32), "n".repeat(32)];
  const first = await start({ secret: old });
  const url = await first.link("a", "x", "text/plain");
  await first.client[Symbol.asyncDispose]();
  const status = async (secret: string) => {
    const { client, link } = await start({ secret });
    await using _ = client;
    await link("a", "x", "text/plain");
    return (await client.get(url)).status;
  };
  expect(await status(`${fresh},${old}`)).toBe(200);
  expect(await status(fresh)).toBe(403);
});

test("a secret that cannot be read is tried again", async () => {
  const { client, link } = await start();
  await using _ = client;
  const secret = join(client.app.scope.get(settingsKey).dataDir, "secret");
  await writeFile(secret, "too short");
  await expect(link("a", "x", "text/plain")).rejects.toMatchObject({ code: "NX_SECRET" });
  await rm(secret);
  expect((await client.get(await link("a", "x", "text/plain"))).status).toBe(200);
});

test("an app that uses no storage has no such route, and no folder", async () => {
  class Plain extends Plugin {
    echo = post("/storage/{rest:path}", ({ rest }) => rest);
  }
  await using client = await TestClient.of(Plain);
  expect((await client.get("/storage/a")).status).toBe(405);
  expect(client.app.routes.map(({ plugin }) => plugin)).not.toContain("storage");
  expect(await readdir(client.app.scope.get(settingsKey).dataDir)).toEqual([]);
});

test("a plugin that has the same route is told so", async () => {
  class Own extends Plugin {
    files = inject(Storage);
    mine = get("/storage/{rest:path}", ({ rest }) => rest);
  }
  await expect(TestClient.of(Own)).rejects.toMatchObject({ code: "NX_ROUTE_CONFLICT" });
});
