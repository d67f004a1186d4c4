import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { z } from "zod";
import { BackgroundTasks } from "../background.ts";
import { settingsKey } from "../config/index.ts";
import type { UploadFile } from "../message/index.ts";
import { Plugin } from "../plugin/index.ts";
import { TestClient } from "../testing/index.ts";
import { file, files, post } from "./index.ts";

const large = "x".repeat(200_000);

class Files extends Plugin {
  one = post("/one", { form: { file: file({ maxSize: "1MB" }) } }, ({ file }) => file.size);
  many = post("/many", { form: { files: files({ max: 10 }) } }, ({ files }) => files.length);
  titled = post("/titled", { form: { file: file(), title: z.string() } }, ({ title }) => title);
  fail = post("/fail", { form: { file: file() } }, () => {
    throw new RangeError("broken");
  });
}

test("a file can be read again and again, in background work too, and is gone then (U10)", async () => {
  const kept: UploadFile[] = [];
  const seen: string[] = [];
  class Later extends Plugin {
    up = post(
      "/",
      { form: { files: files() }, use: { background: BackgroundTasks } },
      async ({ files, background }) => {
        for (const file of files) {
          kept.push(file);
          const read = async (): Promise<string> => {
            let text = "";
            for await (const chunk of file.stream()) text += Buffer.from(chunk).toString();
            return text;
          };
          expect(await read()).toBe(await file.text());
          expect((await file.bytes()).byteLength).toBe(file.size);
          background.add(async () => void seen.push((await read()).slice(0, 5)));
        }
        return spooled(client).length;
      },
    );
  }
  await using client = await TestClient.of(Later);
  const sent = [
    { filename: "a", content: large },
    { filename: "b", content: "small" },
  ];
  expect(await (await client.post("/", { files: { files: sent } })).json()).toBe(1);
  expect(seen).toEqual(["xxxxx", "small"]);
  expect(spooled(client)).toEqual([]);
  for (const file of kept) {
    expect(() => file.stream()).toThrow(/NX_UPLOAD_GONE|after its request had ended/);
    await expect(file.text()).rejects.toMatchObject({ code: "NX_UPLOAD_GONE" });
    await expect(file.saveTo("/nowhere")).rejects.toMatchObject({ code: "NX_UPLOAD_GONE" });
  }
});

test("nothing is left of files after a refusal or an error", async () => {
  await using client = await TestClient.of(Files, { raiseErrors: false });
  const content = new Uint8Array(1_500_000);
  const file = { filename: "a", content };
  const big = { filename: "a", content: large };
  expect((await client.post("/fail", { files: { file } })).status).toBe(500);
  expect((await client.post("/one", { files: { file } })).status).toBe(413);
  expect((await client.post("/titled", { files: { file } })).status).toBe(422);
  const eleven = Array.from({ length: 11 }, () => big);
  expect((await client.post("/many", { files: { files: eleven } })).status).toBe(400);
  expect((await client.post("/one", { files: { file: [big, big] } })).status).toBe(200);
  expect(spooled(client)).toEqual([]);
});

test("files of a body that is refused are gone when the answer is there, though more may still come", async () => {
  await using client = await TestClient.of(Files);
  const head = "--b\r\nContent-Disposition: form-data; name=files; filename=a\r\n\r\n";
  const response = await client.app.fetch(
    new Request("http://localhost/many", {
      method: "POST",
      headers: { "content-type": "multipart/form-data; boundary=b" },
      body: ReadableStream.from([Buffer.from(`${head}${large}\r\n--b\r\nnonsense\r\n\r\n`)]),
      duplex: "half",
    }),
  );
  expect([response.status, spooled(client)]).toEqual([400, []]);
});

test("a file that cannot be removed keeps none of the others", async () => {
  class Stuck extends Plugin {
    up = post("/", { form: { files: files() } }, ({ files }) => {
      for (const name of spooled(client)) {
        const path = join(folder(client), name);
        if (!readFileSync(path, "utf8").startsWith("first")) continue;
        rmSync(path);
        mkdirSync(path);
      }
      return files.length;
    });
  }
  await using client = await TestClient.of(Stuck);
  const sent = ["first", "second", "third"].map((name) => ({
    filename: name,
    content: name + large,
  }));
  expect(await (await client.post("/", { files: { files: sent } })).json()).toBe(3);
  const left = spooled(client).map((name) => statSync(join(folder(client), name)).isDirectory());
  expect(left).toEqual([true]);
});

test("an upload that outlasts its route leaves nothing, and its file is not begun again", async () => {
  class Slow extends Plugin {
    up = post("/", { form: { file: file() }, timeout: 0.1 }, ({ file }) => file.size);
  }
  await using client = await TestClient.of(Slow);
  const more = Promise.withResolvers<void>();
  async function* body(): AsyncGenerator<Buffer> {
    yield Buffer.from("--b\r\nContent-Disposition: form-data; name=file; filename=a\r\n\r\n");
    yield Buffer.from(large);
    await more.promise;
    yield Buffer.from(large);
    await new Promise(() => {});
  }
  const response = await client.app.fetch(
    new Request("http://localhost/", {
      method: "POST",
      headers: { "content-type": "multipart/form-data; boundary=b" },
      body: ReadableStream.from(body()),
      duplex: "half",
    }),
  );
  expect([response.status, spooled(client).length]).toEqual([503, 1]);
  more.resolve();
  await vi.waitFor(() => expect(spooled(client)).toEqual([]));
});

function spooled(client: TestClient): string[] {
  return readdirSync(folder(client));
}

function folder(client: TestClient): string {
  return join(client.app.scope.get(settingsKey).dataDir, "uploads");
}
