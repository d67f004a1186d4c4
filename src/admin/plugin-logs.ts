import { randomBytes } from "node:crypto";
import type { Context } from "../context.ts";
import { Conflict } from "../exceptions.ts";
import { logKey, tailOf } from "../log.ts";
import type { LogTail } from "../log-tail.ts";
import type { ServerEvent } from "../message/index.ts";

/** Numbers of lines begin anew with each process: a client that comes back names the process too. */
const run = randomBytes(4).toString("hex");

export interface LogListening {
  readonly plugin: string;
  /** How many of the lines that were written before are told. */
  readonly lines: number;
  /** The id of the last event that was heard before, instead of that. */
  readonly seen: string | undefined;
  /** Whether whoever listens may go on. */
  readonly mayListen: () => Promise<boolean>;
  readonly signal: AbortSignal;
}

/** What a plugin logs: the last lines, and then each new one as it comes. */
export async function* logEvents(
  tail: LogTail,
  { plugin, lines, seen, mayListen, signal }: LogListening,
): AsyncGenerator<ServerEvent> {
  const before = numberOf(seen);
  let last = before ?? Math.max(0, tail.newest(plugin) - lines);
  let isNew = before === undefined;
  while (!signal.aborted) {
    const found = tail.since(plugin, last);
    if (found.length && !(await mayListen())) return;
    for (const { number, text } of found) {
      const missed = number - last - 1;
      if (missed && !isNew) yield { event: "missed", data: { lines: missed } };
      yield { event: "line", id: `${run}-${number}`, data: text };
      last = number;
      isNew = false;
    }
    await tail.next(plugin, last, signal);
  }
}

/** @throws Conflict for an app that was given a log of another making */
export function tailIn(context: Context): LogTail {
  const tail = tailOf(context.root.get(logKey));
  if (tail) return tail;
  throw new Conflict("This app's log keeps no lines: it was not made by createLog()");
}

function numberOf(seen: string | undefined): number | undefined {
  const [process, number] = seen?.split("-") ?? [];
  return process === run && /^\d{1,15}$/.test(number ?? "") ? Number(number) : undefined;
}
