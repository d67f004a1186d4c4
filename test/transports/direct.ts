import { once } from "node:events";
import http, { type IncomingMessage } from "node:http";
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { type Request, Response } from "../../src/message/index.ts";
import { defer, open, serve as serveOn } from "../sockets.ts";

/** A server on the direct transport, and what it is asked. */

export const direct = { transport: "direct" } as const;

export const serve: typeof serveOn = (answer, options) =>
  serveOn(answer, { ...direct, ...options });

/** Targets of the requests that node:http makes objects of, until the test ends. */
export function watchStock(): (string | undefined)[] {
  const targets: (string | undefined)[] = [];
  const prototype = http.IncomingMessage.prototype as unknown as {
    _addHeaderLines: (...all: unknown[]) => void;
  };
  const { _addHeaderLines: add } = prototype;
  prototype._addHeaderLines = function (this: IncomingMessage, ...all) {
    // Neither trailers nor answers to a client.
    if (!this.complete && this.statusCode === null) targets.push(this.url);
    add.apply(this, all);
  };
  defer(() => (prototype._addHeaderLines = add));
  return targets;
}

export const get = (target: string, ...fields: string[]): string =>
  [`GET ${target} HTTP/1.1`, "Host: a", ...fields, "", ""].join("\r\n");
export const post = (target: string, body: string): string =>
  `POST ${target} HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
export const chunked = (target: string, ...chunks: string[]): string =>
  `POST ${target} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n` +
  [...chunks, ""].map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join("");
export const last = "Connection: close";

/** Answers with the target and the body, and waits as many milliseconds as the target ends with. */
export async function echo(request: Request): Promise<Response> {
  const text = await request.text();
  const [, milliseconds] = /(\d+)$/.exec(request.target) ?? [];
  if (milliseconds) await sleep(Number(milliseconds));
  return new Response(`<${request.target} ${text}>`);
}

export const echoAt = (target: string): Response => new Response(`<${target}>`);

/** All that a server says until it ends the connection. */
export async function hear(port: number, ...pieces: string[]): Promise<string> {
  const client = await open(port);
  const ended = once(client, "end");
  for (const piece of pieces) {
    client.write(piece);
    await turn();
    await turn();
  }
  await ended;
  return client.text();
}

export const answersIn = (text: string): string[] => text.match(/(?<=\r\n\r\n)<[^>]*>/g) ?? [];
export const statusesIn = (text: string): string[] => text.match(/(?<=HTTP\/1\.1 )\d+/g) ?? [];
