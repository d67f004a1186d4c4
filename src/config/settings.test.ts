import { resolve } from "node:path";
import { expect, test } from "vitest";
import { type ConfigError, readSettings } from "./index.ts";

function faultsOf(env: Record<string, string>): readonly string[] {
  try {
    readSettings(env);
  } catch (error) {
    expect(error).toMatchObject({ code: "NX_CONFIG", name: "ConfigError" });
    return (error as ConfigError).faults;
  }
  return [];
}

test("of several secrets each must be long enough", () => {
  const good = "s".repeat(32);
  expect(readSettings({ NEXUS_SECRET: `${good}, ${good}` }).secret).toContain(",");
  expect(() => readSettings({ NEXUS_SECRET: `short,${good}` })).toThrow(
    "NEXUS_SECRET has one that is 5 bytes long",
  );
});

test("nothing needs to be set, and what is empty is not set", () => {
  const settings = readSettings({});
  expect(settings).toEqual({
    port: 8000,
    host: "127.0.0.1",
    dataDir: resolve("data"),
    secret: undefined,
    admin: undefined,
    log: "info",
    databaseUrl: undefined,
    smtpUrl: undefined,
    mailFrom: undefined,
    workers: 1,
    shutdownTimeout: 30,
    trustedProxies: [],
    warnings: [],
  });
  expect(Object.isFrozen(settings)).toBe(true);
  expect(readSettings({ PORT: "", NEXUS_SECRET: "", DATABASE_URL: "", REDIS_URL: "" })).toEqual(
    settings,
  );
});

test("what is set is read", () => {
  expect(
    readSettings({
      PORT: "0",
      HOST: "::",
      NEXUS_DATA_DIR: "/srv/data",
      NEXUS_SECRET: "é".repeat(16),
      NEXUS_ADMIN_USER: "root",
      NEXUS_ADMIN_PASSWORD: "hunter22",
      NEXUS_LOG: "debug",
      DATABASE_URL: "sqlite:/srv/app.db",
      NEXUS_SMTP_URL: "smtp://localhost:587",
      NEXUS_MAIL_FROM: "shop@example.com",
      NEXUS_WORKERS: "1",
      NEXUS_SHUTDOWN_TIMEOUT: "5",
      NEXUS_TRANSPORT: "direct",
    }),
  ).toMatchObject({
    port: 0,
    host: "::",
    dataDir: "/srv/data",
    secret: "é".repeat(16),
    admin: { user: "root", password: "hunter22" },
    log: "debug",
    databaseUrl: "sqlite:/srv/app.db",
    smtpUrl: "smtp://localhost:587",
    mailFrom: "shop@example.com",
    workers: 1,
    shutdownTimeout: 5,
    transport: "direct",
  });
});

test("all faults are told at once, each with its cure, and no secret among them", () => {
  const env = {
    PORT: "65536",
    NEXUS_SECRET: "sesame",
    NEXUS_ADMIN_PASSWORD: "hunter22",
    NEXUS_LOG: "inof",
    DATABASE_URL: "postgres://ann:opensesame@db/app",
    NEXUS_SMTP_URL: "smtp.example.com:opensesame",
    REDIS_URL: "redis://:opensesame@cache",
    NEXUS_WORKERS: "two",
    NEXUS_SHUTDOWN_TIMEOUT: "-1",
    NEXUS_TRANSPORT: "driect",
  };
  const faults = faultsOf(env);
  expect(faults).toEqual([
    'PORT is "65536", but must be a whole number from 0 to 65535. Set PORT=8000, or unset it.',
    expect.stringMatching(/^NEXUS_WORKERS is "two", but must be a whole number/),
    expect.stringMatching(/^NEXUS_SHUTDOWN_TIMEOUT is "-1", but must be a whole number/),
    "NEXUS_ADMIN_PASSWORD is set, but NEXUS_ADMIN_USER is not. Set both, or neither.",
    expect.stringMatching(/^NEXUS_SECRET is 6 bytes long, but must be at least 32\. Make one/),
    expect.stringMatching(/^NEXUS_LOG is "inof", .* Did you mean info\?$/),
    expect.stringMatching(/^NEXUS_TRANSPORT is "driect", .* Did you mean direct\?$/),
    expect.stringMatching(/^DATABASE_URL names a postgres database, .* is not supported yet/),
    expect.stringMatching(/^NEXUS_SMTP_URL is not the URL of a mail server/),
    expect.stringMatching(/^REDIS_URL is set, but Redis is not supported yet/),
  ]);
  expect(() => readSettings(env)).toThrow(`The environment does not fit:\n  - ${faults[0]}\n  - `);
  expect(faults.join()).not.toMatch(/sesame|hunter22/);
});

test("trusted proxies are addresses, networks and loopback", () => {
  const value = "10.0.0.7, fd00::/8 ,loopback,2001:db8::1,10.0.0.0/8,0.0.0.0/0";
  expect(readSettings({ NEXUS_TRUSTED_PROXIES: value }).trustedProxies).toEqual([
    "10.0.0.7",
    "fd00::/8",
    "loopback",
    "2001:db8::1",
    "10.0.0.0/8",
    "0.0.0.0/0",
  ]);
  for (const wrong of [
    "*",
    "true",
    "proxy.example",
    "10.0.0",
    "10.0.0.0/33",
    "::/129",
    "10.0.0.0/",
    "1/8",
  ]) {
    expect(faultsOf({ NEXUS_TRUSTED_PROXIES: `loopback,${wrong}` })).toEqual([
      `NEXUS_TRUSTED_PROXIES has "${wrong}", but must be addresses and networks with commas. ` +
        "Write them as 10.0.0.7, 10.0.0.0/8 or loopback, or unset it.",
    ]);
  }
});

test("more than one worker is not supported yet", () => {
  expect(faultsOf({ NEXUS_WORKERS: "4" })).toEqual([
    expect.stringContaining("more than one worker is not supported yet"),
  ]);
  expect(faultsOf({ NEXUS_WORKERS: "1.5" })[0]).toContain("must be a whole number");
});

test("a variable that is probably mistyped is warned of; those of plugins and of others are not", () => {
  const { warnings } = readSettings({
    NEXUS_SECRTE: "x",
    NEXUS_PLAYERS_NAME: "x",
    NEXUS_LOG__LEVEL: "x",
    NEXUS_WORKER: "",
    POORT: "1",
  });
  expect(warnings).toEqual(["NEXUS_SECRTE is not read. Did you mean NEXUS_SECRET?"]);
});
