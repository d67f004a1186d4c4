import { createHash } from "node:crypto";
import { type Connection, formOf } from "./connection.ts";
import type { Kind } from "./load.ts";

/** What 64 connections ask of three plugins that nobody changes. */
export const steady: readonly Kind[] = [
  { name: "JSON", connections: 32, pause: 50, ask: double },
  { name: "streams", connections: 12, pause: 50, ask: rows },
  { name: "uploads", connections: 8, pause: 50, ask: upload },
  { name: "tasks", connections: 12, pause: 100, ask: order },
];

async function double(connection: Connection, n: number): Promise<void> {
  const answer = await connection.ask(`/json/${n}`);
  expect(answer, JSON.stringify({ n, double: 2 * n }));
}

async function rows(connection: Connection, n: number): Promise<void> {
  const answer = await connection.ask(`/flow/rows/${n}`);
  const wanted = Array.from({ length: 20 }, (_, row) => `${n} ${row} ${"x".repeat(500)}\n`);
  expect(answer, wanted.join(""));
}

async function upload(connection: Connection, n: number): Promise<void> {
  const data = Buffer.alloc(32_000, `${n} `);
  const answer = await connection.ask("/flow/files", formOf(data, 1));
  const sha256 = createHash("sha256").update(data).digest("hex");
  expect(answer, JSON.stringify({ size: data.length, sha256 }));
}

async function order(connection: Connection, n: number): Promise<void> {
  const answer = await connection.ask(`/jobs/${n}`, { method: "POST" });
  expect(answer, JSON.stringify({ n, status: "completed", result: 2 * n }));
}

function expect({ status, body }: { status: number; body: string }, wanted: string): void {
  if (status === 200 && body === wanted) return;
  throw new Error(`${status} ${body.slice(0, 200)} in the place of ${wanted.slice(0, 200)}`);
}
