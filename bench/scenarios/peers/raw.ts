import { createReadStream, createWriteStream, statSync } from "node:fs";
import { unlink } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { emailPattern, folder, host, type Item, items, keepAlive, port, tls } from "./work.ts";

/** node:http by hand. */

const email = new RegExp(emailPattern);

const server = tls ? createTlsServer(tls, answer) : createServer(answer);
server.keepAliveTimeout = keepAlive * 1000;
server.listen(port, host);

function answer(request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url!, "http://localhost");
  const asked = `${request.method} ${url.pathname}`;
  if (asked === "GET /hello") send(response, 200, { message: "Hello" });
  else if (asked === "GET /items") {
    send(response, 200, items.slice(0, Number(url.searchParams.get("count"))).map(shown));
  } else if (asked === "POST /items") void take(request, response);
  else if (asked === "POST /files") void save(request, response);
  else if (asked === "GET /files/large") download(response);
  else send(response, 404, { error: "Not found" });
}

async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body: unknown = JSON.parse(Buffer.concat(chunks).toString());
  if (!Array.isArray(body) || !body.every(isItem)) return send(response, 422, { error: "Bad" });
  send(response, 200, { count: body.length });
}

function isItem(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { id, name, email: address, active, score, tags } = value as Partial<Item>;
  return (
    Number.isInteger(id) &&
    typeof name === "string" &&
    name.length >= 1 &&
    name.length <= 100 &&
    typeof address === "string" &&
    email.test(address) &&
    typeof active === "boolean" &&
    typeof score === "number" &&
    Array.isArray(tags) &&
    tags.every((tag) => typeof tag === "string")
  );
}

function shown({ id, name, email, active, score, tags }: Item): Item {
  return { id, name, email, active, score, tags };
}

/** Whatever is sent goes into a file as it is: nobody reads the form in it. */
async function save(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = join(folder, `upload-${process.hrtime.bigint()}`);
  await pipeline(request, createWriteStream(path));
  const { size } = statSync(path);
  await unlink(path);
  send(response, 200, { size });
}

function download(response: ServerResponse): void {
  const path = join(folder, "large");
  response.writeHead(200, {
    "content-type": "application/octet-stream",
    "content-length": statSync(path).size,
  });
  createReadStream(path).pipe(response);
}

function send(response: ServerResponse, status: number, value: unknown): void {
  const text = JSON.stringify(value);
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
  });
  response.end(text);
}
