import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Request, Response } from "nexus-platform/http";
import {
  createHttpServer,
  type HttpServer,
  type HttpServerOptions,
} from "../src/transport/index.ts";

/** A server and clients on real sockets. */

const undo: (() => unknown)[] = [];

/** For `afterEach`. */
export async function cleanUp(): Promise<void> {
  for (const one of undo.splice(0).toReversed()) await one();
}

/** Remembers what to undo after the test. */
export function defer(work: () => unknown): void {
  undo.push(work);
}

export async function serve(
  answer: (request: Request) => Response | Promise<Response>,
  options?: HttpServerOptions,
) {
  const seen: Request[] = [];
  const ended: Request[] = [];
  const failures: unknown[] = [];
  const server: HttpServer = await createHttpServer(
    async (request, send) => {
      seen.push(request);
      request.bodyLimit = 600_000;
      try {
        await send(await answer(request));
      } catch (error) {
        failures.push(error);
        throw error;
      } finally {
        ended.push(request);
      }
    },
    { port: 0, host: "127.0.0.1" },
    options,
  );
  undo.push(() => server.close(0));
  return { server, port: server.address.port, seen, ended, failures };
}

export interface Client extends Socket {
  /** What has arrived. */
  text(): string;
}

export async function open(port: number): Promise<Client> {
  const socket = connect(port, "127.0.0.1");
  const got: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => got.push(chunk));
  await once(socket, "connect");
  undo.push(() => socket.destroy());
  return Object.assign(socket, { text: () => Buffer.concat(got).toString() });
}

/** Sends a text, and reads until the server ends the connection. */
export async function exchange(port: number, text: string) {
  const client = await open(port);
  client.write(text);
  await once(client, "end");
  const [head, ...rest] = client.text().split("\r\n\r\n");
  const [line, ...lines] = head!.split("\r\n");
  const headers: Record<string, string> = Object.fromEntries(
    lines.map((one) => [
      one.slice(0, one.indexOf(":")).toLowerCase(),
      one.slice(one.indexOf(":") + 2),
    ]),
  );
  return { status: Number(line!.split(" ")[1]), headers, body: rest.join("\r\n\r\n") };
}

export async function until(holds: () => boolean, milliseconds = 3000): Promise<void> {
  const end = performance.now() + milliseconds;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`It did not come to ${holds.toString()}`);
    await sleep(5);
  }
}
