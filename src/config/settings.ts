import { isIP } from "node:net";
import { resolve } from "node:path";
import { key } from "../scope.ts";
import { ConfigError, didYouMean } from "./faults.ts";

export type Env = Readonly<Record<string, string | undefined>>;

/** What an operator sets from outside, for the whole platform. */
export interface Settings {
  readonly port: number;
  readonly host: string;
  /** Absolute. */
  readonly dataDir: string;
  readonly secret: string | undefined;
  /** The administrator to make at the first start. */
  readonly admin: { readonly user: string; readonly password: string } | undefined;
  readonly log: string;
  readonly databaseUrl: string | undefined;
  /** A mail server; without one, letters stay in a folder. */
  readonly smtpUrl: string | undefined;
  readonly mailFrom: string | undefined;
  readonly workers: number;
  /** Seconds that running requests get to finish. */
  readonly shutdownTimeout: number;
  /** How requests are read from sockets. */
  readonly transport: "stock" | "direct" | undefined;
  /** Proxies whose word on a client's address is believed: addresses, networks, `loopback`. */
  readonly trustedProxies: readonly string[];
  /** What is probably mistyped, and was not read. */
  readonly warnings: readonly string[];
}

/** Where the app's scope keeps them. */
export const settingsKey = key<Settings>("nexus/settings");

const names = [
  "PORT",
  "HOST",
  "DATABASE_URL",
  "REDIS_URL",
  "NEXUS_DATA_DIR",
  "NEXUS_SECRET",
  "NEXUS_ADMIN_USER",
  "NEXUS_ADMIN_PASSWORD",
  "NEXUS_LOG",
  "NEXUS_SMTP_URL",
  "NEXUS_MAIL_FROM",
  "NEXUS_WORKERS",
  "NEXUS_TRUSTED_PROXIES",
  "NEXUS_SHUTDOWN_TIMEOUT",
  "NEXUS_TRANSPORT",
] as const;
type Name = (typeof names)[number];

const transports: readonly string[] = ["stock", "direct"];
const levels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"];

/**
 * Reads the environment; an empty variable counts as unset.
 * @throws ConfigError with all faults
 */
export function readSettings(env: Env): Settings {
  const faults: string[] = [];
  const text = (name: Name) => env[name] || undefined;
  const whole = (name: Name, normal: number, least: number, most: number): number => {
    const value = text(name) ?? String(normal);
    const fits = /^\d+$/.test(value) && Number(value) >= least && Number(value) <= most;
    if (fits) return Number(value);
    faults.push(
      `${name} is "${value}", but must be a whole number from ${least} to ${most}. ` +
        `Set ${name}=${normal}, or unset it.`,
    );
    return normal;
  };

  const settings = {
    port: whole("PORT", 8000, 0, 65535),
    host: text("HOST") ?? "127.0.0.1",
    dataDir: resolve(text("NEXUS_DATA_DIR") ?? "data"),
    secret: text("NEXUS_SECRET"),
    admin: undefined as Settings["admin"],
    log: text("NEXUS_LOG") ?? "info",
    databaseUrl: text("DATABASE_URL"),
    smtpUrl: text("NEXUS_SMTP_URL"),
    mailFrom: text("NEXUS_MAIL_FROM"),
    workers: whole("NEXUS_WORKERS", 1, 1, 1024),
    shutdownTimeout: whole("NEXUS_SHUTDOWN_TIMEOUT", 30, 0, 86_400),
    transport: text("NEXUS_TRANSPORT") as Settings["transport"],
    trustedProxies: (text("NEXUS_TRUSTED_PROXIES") ?? "").split(/[\s,]+/).filter(Boolean),
    warnings: warningsOf(env),
  };

  const [user, password] = [text("NEXUS_ADMIN_USER"), text("NEXUS_ADMIN_PASSWORD")];
  if (user !== undefined && password !== undefined) settings.admin = { user, password };
  else if (user !== undefined) faults.push(half("NEXUS_ADMIN_USER", "NEXUS_ADMIN_PASSWORD"));
  else if (password !== undefined) faults.push(half("NEXUS_ADMIN_PASSWORD", "NEXUS_ADMIN_USER"));

  // Several stand with commas between them, for rotation.
  const secrets = settings.secret?.split(",").filter((one) => one.trim()) ?? [];
  for (const size of secrets.map((one) => Buffer.byteLength(one.trim()))) {
    if (size >= 32) continue;
    faults.push(
      `NEXUS_SECRET${secrets.length > 1 ? " has one that" : ""} is ${size} bytes long, but must be at least 32. ` +
        "Make one with `openssl rand -hex 32`.",
    );
  }
  if (!levels.includes(settings.log)) {
    const meant = didYouMean(settings.log, levels);
    faults.push(`NEXUS_LOG is "${settings.log}", but must be one of ${levels.join(", ")}.${meant}`);
  }
  const { transport } = settings;
  if (transport !== undefined && !transports.includes(transport)) {
    const meant = didYouMean(transport, transports);
    faults.push(
      `NEXUS_TRANSPORT is "${transport}", but must be one of ${transports.join(", ")}.${meant}`,
    );
  }
  if (settings.databaseUrl !== undefined && !/^sqlite:./.test(settings.databaseUrl)) {
    // Only its kind is repeated: the rest may hold a password.
    const [, kind] = /^([a-z][\w+.-]*):/i.exec(settings.databaseUrl) ?? [];
    faults.push(
      `DATABASE_URL names ${kind ? `a ${kind} database, which` : "something that"} is not supported ` +
        "yet. Use sqlite:…, or unset it.",
    );
  }
  if (settings.smtpUrl !== undefined && !/^smtps?:\/\/[^/]/.test(settings.smtpUrl)) {
    faults.push(
      "NEXUS_SMTP_URL is not the URL of a mail server. " +
        "Write smtps://user:password@smtp.example.com, or unset it.",
    );
  }
  if (text("REDIS_URL") !== undefined) {
    faults.push("REDIS_URL is set, but Redis is not supported yet. Unset it.");
  }
  for (const proxy of settings.trustedProxies.filter((one) => !isProxy(one))) {
    faults.push(
      `NEXUS_TRUSTED_PROXIES has "${proxy}", but must be addresses and networks with commas. ` +
        "Write them as 10.0.0.7, 10.0.0.0/8 or loopback, or unset it.",
    );
  }
  if (settings.workers > 1) {
    faults.push(
      `NEXUS_WORKERS is ${settings.workers}, but more than one worker is not supported yet. ` +
        "Set NEXUS_WORKERS=1, or unset it.",
    );
  }
  if (faults.length) throw new ConfigError("The environment does not fit:", faults);
  return Object.freeze(settings);
}

const half = (set: Name, missing: Name) =>
  `${set} is set, but ${missing} is not. Set both, or neither.`;

/** `loopback`, an address, or a network such as `10.0.0.0/8`. */
function isProxy(text: string): boolean {
  const [, address = "", bits = "0"] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const version = isIP(address);
  return text === "loopback" || (version > 0 && Number(bits) <= (version === 4 ? 32 : 128));
}

function warningsOf(env: Env): string[] {
  const own = names.filter((name) => name.startsWith("NEXUS_"));
  return Object.keys(env).flatMap((name) => {
    // With two underscores it is a plugin's.
    if (!name.startsWith("NEXUS_") || name.includes("__") || !env[name]) return [];
    const meant = own.includes(name as Name) ? "" : didYouMean(name, own);
    return meant ? `${name} is not read.${meant}` : [];
  });
}
