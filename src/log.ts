import { createRequire } from "node:module";
import type * as Pino from "pino";
import type * as PinoPretty from "pino-pretty";
import { LogTail } from "./log-tail.ts";
import { findScope, key, type Scope } from "./scope.ts";

export type Logger = Pino.Logger;
export const logKey = key<Logger>("log");

export interface LogOptions {
  /** `trace debug info warn error fatal silent`; default `info`. */
  readonly level?: string;
  /** Lines for people instead of JSON; default: when stderr is a terminal. */
  readonly pretty?: boolean;
  /** Where lines go; default stderr. */
  readonly destination?: { write(line: string): unknown };
  /** Members for every line, asked for each time: the request's id. */
  readonly members?: () => object;
}

// Pino is a fifth of a small app's start, and an app that starts well has nothing to say.
const require = createRequire(import.meta.url);

/** Names whose values never reach a log, however they are written: `apiKey`, `Set-Cookie`, `new_password`. */
const secret = /(?:password|passwd|secret|token|authorization|cookie|api[-_]?key)$/i;
/** How far down they are looked for. */
const depth = 5;

export function createLog(options: LogOptions = {}): Logger {
  const { pino, stdSerializers } = require("pino") as typeof Pino;
  const destination =
    options.destination ??
    ((options.pretty ?? process.stderr.isTTY)
      ? pretty()
      : pino.destination({ dest: 2, sync: true }));
  const tail = new LogTail();
  const log = pino(
    {
      level: options.level ?? "info",
      base: null,
      // Pino's own redaction wants the path of each secret, and takes ten times as long.
      formatters: { log: hide },
      serializers: { err: (error: Error) => hide(stdSerializers.err(error)) },
      mixin: () => options.members?.() ?? {},
      hooks: {
        streamWrite(line) {
          tail.keep(line);
          return line;
        },
      },
    },
    destination as never,
  );
  // Those that are made of it find it too.
  return Object.defineProperty(log, tailOfLog, { value: tail });
}

const tailOfLog = Symbol.for("nexus.logTail");

/** The last lines of a log that `createLog` has made; one of another making keeps none. */
export function tailOf(log: Logger): LogTail | undefined {
  return (log as { [tailOfLog]?: LogTail })[tailOfLog];
}

/** The log of whoever calls: the plugin's, else the app's, else silence. */
export function currentLog(): Logger {
  return logOf(findScope());
}

/** The log of a scope; who may have nothing to say asks for it when there is something, as it is made then. */
export function logOf(scope: Scope | undefined): Logger {
  return scope?.find(logKey) ?? silent;
}

const ignore = (): void => {};

/** Needs no pino, as it writes nothing. */
export const silent = {
  level: "silent",
  trace: ignore,
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
  fatal: ignore,
  silent: ignore,
  flush: ignore,
  setBindings: ignore,
  bindings: () => ({}),
  isLevelEnabled: () => false,
  child: () => silent,
} as object as Logger;

// Loaded only for a terminal.
function pretty(): unknown {
  const { build } = require("pino-pretty") as typeof PinoPretty;
  return build({ destination: 2, sync: true, ignore: "pid,hostname" });
}

function hide(members: object): Record<string, unknown> {
  return covered(members, depth) as Record<string, unknown>;
}

/** The same value, or a copy where something in it is hidden. */
function covered(value: unknown, left: number): unknown {
  if (typeof value !== "object" || value === null || left === 0 || value instanceof Error)
    return value;
  if ("toJSON" in value && typeof value.toJSON === "function")
    return covered(value.toJSON(), left - 1);
  let copy: Record<string, unknown> | unknown[] | undefined;
  for (const [name, inner] of Object.entries(value)) {
    const shown = secret.test(name) ? "[secret]" : covered(inner, left - 1);
    if (shown === inner) continue;
    copy ??= Array.isArray(value) ? [...value] : { ...value };
    (copy as Record<string, unknown>)[name] = shown;
  }
  return copy ?? value;
}
