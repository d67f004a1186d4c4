import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, watch } from "node:fs";
import { resolve } from "node:path";

/** What is watched of an app's folder. */
const watched = ["plugins", "src", "nexus.config.ts", "nexus.config.js", "package.json", ".env"];
const quiet = 100;

/** Serves the app in a process of its own, and starts that again after each change. */
export async function dev(): Promise<void> {
  const folder = process.cwd();
  let child: ChildProcess | undefined;
  let timer: NodeJS.Timeout | undefined;
  let ending = false;

  const begin = (): void => {
    // This process was begun with the same script.
    child = spawn(process.execPath, [...process.execArgv, process.argv[1]!, "start"], {
      cwd: folder,
      stdio: "inherit",
    });
    child.once("exit", (code) => {
      child = undefined;
      if (ending) process.exit(0);
      else if (code) process.stderr.write("Stopped by a fault; waiting for a change.\n");
    });
  };
  const again = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const old = child;
      if (!old) return begin();
      old.removeAllListeners("exit");
      old.once("exit", begin);
      old.kill("SIGTERM");
    }, quiet);
  };
  for (const name of watched) {
    const path = resolve(folder, name);
    if (existsSync(path)) watch(path, { recursive: true }, (_, file) => !isNoise(file) && again());
  }
  const end = (): void => {
    ending = true;
    if (child) child.kill("SIGTERM");
    else process.exit(0);
  };
  process.on("SIGTERM", end);
  process.on("SIGINT", end);
  begin();
}

function isNoise(file: string | null): boolean {
  return file !== null && /(^|\/)(node_modules|\.git|data)(\/|$)|~$|\.test\.ts$/.test(file);
}
