import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import {
  type AppOptions,
  createApp,
  FileResponse,
  get,
  Plugin,
  post,
  Response,
  StreamingResponse,
} from "nexus-platform";
import { silent } from "nexus-platform/log";
import { z } from "zod";
import { defer } from "../sockets.ts";

const n = z.int().default(0);
const ms = z.int().default(0);

/** A route for each way in which an answer comes about. Each says which request it answers. */
class Kinds extends Plugin {
  /** Which requests were begun, and which have heard that their client went. */
  static seen = { begun: [] as number[], gone: [] as number[] };

  now = get("/now", { query: { n } }, ({ n }) => ({ now: n }));
  later = get("/later", { query: { n, ms } }, async ({ n, ms, signal }) => {
    const { begun, gone } = Kinds.seen;
    begun.push(n);
    signal.addEventListener("abort", () => gone.push(n));
    await (ms ? sleep(ms) : turn());
    return { later: n };
  });
  stream = get("/stream", { query: { n } }, ({ n }) => new StreamingResponse(inPieces(n)));
  file = get("/file", () => new FileResponse(import.meta.filename));
  fault = get("/fault", () => {
    throw new Error("A fault of the handler");
  });
  header = get("/header", { query: { value: z.string() } }, ({ value }) => {
    return new Response(null, { headers: { "X-Value": value } });
  });
  bare = get("/bare/{status:int}", ({ status }) => new Response(null, { status }));
  text = get("/text", { query: { text: z.string() } }, ({ text }) => new Response(text));
  lone = get("/lone", { query: { text: z.boolean().default(false) } }, ({ text }) =>
    text ? new Response("\ud800") : "\ud800",
  );
  repeated = get("/repeated", { query: { letter: z.string(), size: z.int() } }, (input) => {
    return new Response(input.letter.repeat(input.size));
  });
  large = get("/large", { query: { n, size: z.int() } }, ({ n, size }) => {
    Kinds.seen.begun.push(n);
    return new Response(`${n}\n${lines(size)}`);
  });
  endless = get("/endless", ({ signal }) => new StreamingResponse(untilGone(signal)));

  echo = post("/echo", { body: z.object({ n: z.int(), text: z.string() }) }, ({ body }) => body);
  raw = post("/raw", async ({ request }) => new Response(await request.text()));
  pieces = post("/pieces", ({ request }) => new StreamingResponse(request.body!));
  small = post("/small", { body: z.unknown(), bodyLimit: 16 }, () => "small");
  unread = post("/unread", { query: { n } }, ({ n }) => ({ unread: n }));
}

async function* inPieces(n: number): AsyncGenerator<string> {
  for (const piece of ["stream ", String(n), " ends"]) {
    yield piece;
    await turn();
  }
}

async function* untilGone(signal: AbortSignal): AsyncGenerator<string> {
  Kinds.seen.begun.push(0);
  try {
    for (;;) {
      yield "on and on\n";
      await sleep(1);
    }
  } finally {
    if (signal.aborted) Kinds.seen.gone.push(0);
  }
}

/** A text in which each place is another one. */
export function lines(size: number): string {
  while (text.length < size) text += `line ${++count}\n`;
  return text.slice(0, size);
}
let [text, count] = ["", 0];

export const file = import.meta.filename;

/** Starts it on a port, until the test ends. */
export async function serveKinds(server: NonNullable<AppOptions["server"]> = {}) {
  const app = await createApp({ plugins: [Kinds], docs: false, env: {}, log: silent, server });
  defer(() => app.close(0));
  Kinds.seen = { begun: [], gone: [] };
  return { app, seen: Kinds.seen, ...(await app.listen({ port: 0 })) };
}
