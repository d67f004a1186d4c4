import { pino, type Logger as PinoLogger } from "pino";
import { findScope, key } from "./services.ts";

export type Logger = PinoLogger;
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

/** Names that never reach a log, at the top of a logged object and one level below. */
const secrets = [
  "password",
  "secret",
  "token",
  "access_token",
  "refresh_token",
  "authorization",
  "cookie",
  "set-cookie",
  "x-api-key",
  "apiKey",
  "api_key",
];

export async function createLog(options: LogOptions = {}): Promise<Logger> {
  const destination =
    options.destination ??
    ((options.pretty ?? process.stderr.isTTY)
      ? await pretty()
      : pino.destination({ dest: 2, sync: true }));
  return pino(
    {
      level: options.level ?? "info",
      base: null,
      redact: {
        paths: secrets.flatMap((name) => [`["${name}"]`, `*["${name}"]`]),
        censor: "[secret]",
      },
      mixin: () => options.members?.() ?? {},
    },
    destination as never,
  );
}

/** The log of whoever calls: the plugin's, else the app's, else silence. */
export function currentLog(): Logger {
  return findScope()?.find(logKey) ?? silent;
}

export const silent: Logger = pino({ level: "silent" });

// Loaded only for a terminal.
async function pretty(): Promise<unknown> {
  const { default: build } = await import("pino-pretty");
  return build({ destination: 2, sync: true, ignore: "pid,hostname" });
}
