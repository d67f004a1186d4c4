import { randomFillSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { request } from "node:http";
import { text } from "node:stream/consumers";
import { join } from "node:path";
import { byTurns, type Row, type ScenarioResult } from "./scenario.ts";
import { type Named, names, withFolder, withServers } from "./servers.ts";

const size = 100_000_000;
const megabytes = size / 1e6;

/** How fast a large file comes and goes, and what CPU time that takes. */
export function files(): Promise<ScenarioResult> {
  return withFolder(async (folder) => {
    const data = randomFillSync(Buffer.alloc(size));
    writeFileSync(join(folder, "large"), data);
    const form = formOf(data);
    const env = { BENCH_FOLDER: folder, NEXUS_DATA_DIR: folder };
    return withServers(names, env, async (servers) => {
      for (const server of servers) await check(server, data, form);
      const peak: Record<string, number> = {};
      const rows: Row[] = [];
      for (const [name, move] of [
        ["upload", ({ url }: Named) => upload(url, form)],
        ["download", ({ url }: Named) => download(url)],
      ] as const) {
        const cpu: Record<string, number[]> = {};
        const values = await byTurns(servers, 5, async (server) => {
          const [before, start] = [server.cpu(), performance.now()];
          await move(server);
          const seconds = (performance.now() - start) / 1000;
          (cpu[server.name] ??= []).push(server.cpu() - before);
          peak[server.name] = Math.max(peak[server.name] ?? 0, server.memory());
          return megabytes / seconds;
        });
        rows.push({ name, unit: "MB/s", better: "more", values });
        rows.push({ name: `${name}, CPU`, unit: "ms", better: "less", values: leastOf(cpu) });
      }
      rows.push({ name: "RSS afterwards", unit: "MiB", better: "less", values: peak });
      return {
        name: "files",
        title: `upload and download of ${megabytes} MB, one at a time`,
        rows,
        notes: [
          "`raw` pipes the bytes of the upload into a file, and reads no form; the others find the file in a multipart body.",
        ],
      };
    });
  });
}

const mark = "----nexus-bench";

function formOf(data: Buffer): Buffer {
  const head = `--${mark}\r\nContent-Disposition: form-data; name="data"; filename="data"\r\nContent-Type: application/octet-stream\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), data, Buffer.from(`\r\n--${mark}--\r\n`)]);
}

/** @returns how many bytes the server says it has */
function upload(url: string, form: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = {
      "Content-Type": `multipart/form-data; boundary=${mark}`,
      "Content-Length": form.length,
    };
    const sending = request(`${url}/files`, { method: "POST", headers }, (answer) => {
      text(answer).then((body) => {
        if (answer.statusCode === 200) resolve((JSON.parse(body) as { size: number }).size);
        else reject(new Error(`${answer.statusCode} ${body}`));
      }, reject);
    });
    sending.on("error", reject);
    sending.end(form);
  });
}

/** @param keep gets the bytes */
function download(url: string, keep?: (piece: Buffer) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let size = 0;
    const asking = request(`${url}/files/large`, (answer) => {
      answer.on("data", (piece: Buffer) => {
        size += piece.length;
        keep?.(piece);
      });
      answer.on("error", reject);
      answer.on("end", () => {
        if (answer.statusCode === 200 && size === megabytes * 1e6) resolve();
        else reject(new Error(`${answer.statusCode}, ${size} bytes`));
      });
    });
    asking.on("error", reject);
    asking.end();
  });
}

/** @throws for one that does not give and take every byte */
async function check({ name, url }: Named, data: Buffer, form: Buffer): Promise<void> {
  const taken = await upload(url, form);
  // Who reads no form has its borders, too.
  if (taken !== (name === "raw" ? form.length : data.length))
    throw new Error(`${name} has taken ${taken} bytes`);
  const pieces: Buffer[] = [];
  await download(url, (piece) => pieces.push(piece));
  if (!Buffer.concat(pieces).equals(data)) throw new Error(`${name} gives other bytes`);
}

function leastOf(all: Readonly<Record<string, readonly number[]>>): Record<string, number> {
  return Object.fromEntries(Object.entries(all).map(([name, own]) => [name, Math.min(...own)]));
}
