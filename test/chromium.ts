import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { promisify } from "node:util";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll } from "vitest";

const run = promisify(execFile);
const usual = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** A real browser for the tests of a file; `undefined` where none can be had. */
export function useBrowser(): { readonly browser: Browser | undefined } {
  const held: { browser: Browser | undefined } = { browser: undefined };
  beforeAll(async () => {
    held.browser = await openBrowser();
  }, 300_000);
  afterAll(async () => {
    await held.browser?.close();
  });
  return held;
}

async function openBrowser(): Promise<Browser | undefined> {
  const executablePath = find();
  if (executablePath === undefined) {
    console.log("No Chromium here, and none can be installed: the browser tests are skipped.");
    return undefined;
  }
  return chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-first-run",
    ],
  });
}

function find(): string | undefined {
  return usual.find((path) => existsSync(path));
}

/** Before all tests, once: on a bare Debian machine the browser is installed. */
export async function setup(): Promise<void> {
  if (find() || process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) return;
  console.log("Installing Chromium for the browser tests …");
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  await run("apt-get", ["update"], { env });
  await run("apt-get", ["install", "-y", "--no-install-recommends", "chromium"], {
    env,
    maxBuffer: 64 * 1024 * 1024,
  });
}
