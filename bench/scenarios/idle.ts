import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { load } from "../load.ts";
import { hello } from "./asking.ts";
import type { Row, ScenarioResult } from "./scenario.ts";
import { type Named, names, withServers } from "./servers.ts";

const count = 5000;

/** What connections cost that are kept, and ask for nothing. */
export async function idle(): Promise<ScenarioResult> {
  const found: Record<string, Figures> = {};
  for (const name of names)
    found[name] = await withServers([name], {}, ([server]) => figuresOf(server!));
  const row = (name: string, unit: string, better: "more" | "less", of: keyof Figures): Row => ({
    name,
    unit,
    better,
    values: Object.fromEntries(Object.entries(found).map(([name, one]) => [name, one[of]])),
  });
  return {
    name: "idle",
    title: `${count} idle connections, each of which has asked once`,
    rows: [
      row("RSS a connection", "KiB", "less", "each"),
      row("hello before", "req/s", "more", "before"),
      row("hello meanwhile", "req/s", "more", "meanwhile"),
    ],
    notes: [],
  };
}

interface Figures {
  readonly each: number;
  readonly before: number;
  readonly meanwhile: number;
}

async function figuresOf(server: Named): Promise<Figures> {
  const rate = async (): Promise<number> => (await load(server.url, hello, 2)).perSecond;
  await rate();
  const before = await rate();
  const memory = server.memory();
  const sockets: Socket[] = [];
  try {
    // Not more at a time than the system lets wait.
    while (sockets.length < count)
      sockets.push(...(await Promise.all(Array.from({ length: 100 }, () => open(server.url)))));
    await sleep(500);
    const each = ((server.memory() - memory) * 1024) / count;
    const meanwhile = await rate();
    const lost = sockets.filter((socket) => socket.readableEnded || socket.destroyed).length;
    if (lost) throw new Error(`${server.name} has closed ${lost} of ${count} idle connections`);
    return { each, before, meanwhile };
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}

/** A connection that has asked, and has its answer. */
async function open(url: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.on("error", () => socket.destroy());
  socket.write("GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await once(socket, "data");
  return socket;
}
