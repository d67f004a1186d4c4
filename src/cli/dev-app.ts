import process from "node:process";
import { messageOf } from "../exceptions.ts";
import { logKey } from "../log.ts";
import type { ModuleLoader } from "../plugin/index.ts";
import { createGenerations } from "../plugin/module-generations.ts";
import { frameOf } from "./dev-fault.ts";
import { Reloading } from "./dev-reload.ts";
import { start } from "./start.ts";

/** What the process that watches says: these files of plugins have changed; or nothing, to hear an answer. */
export type ToApp = "ping" | { readonly changed: readonly string[] };

/**
 * What the one that serves says: that it has heard that, where its plugins stand, or that it must begin
 * anew.
 */
export type FromApp = "heard" | "restart" | { readonly plugins: string };

/** Serves the app as `nexus start` does, and reloads its plugins when it hears that they have changed. */
export async function serve(): Promise<void> {
  const changes = holdChanges();
  // Nobody is there any more who would end it.
  process.once("disconnect", () => process.kill(process.pid, "SIGTERM"));
  let without: unknown;
  const openModules = async (folder: string): Promise<ModuleLoader> => {
    tell({ plugins: folder });
    try {
      // Loaded by nobody who only serves.
      const { createModuleRunner } = await import("../plugin/module-runner.ts");
      return await createModuleRunner(folder);
    } catch (error) {
      without = error;
      return createGenerations(folder);
    }
  };
  const { app, modules } = await start({ openModules });
  const log = app.scope.get(logKey);
  if (without !== undefined)
    log.info(
      `Old code of plugins stays in memory, since vite cannot be loaded (${messageOf(without)}): \`npm install -D vite\` mends that.`,
    );
  for (const { failure } of app.plugins.plugins) {
    const frame = failure && frameOf(failure.error);
    if (frame !== undefined) show(`\n${frame}\n`);
  }
  const reloading = new Reloading({ host: app.plugins, modules, log, show, restart });
  changes.release((paths) => void reloading.change(paths));
}

function tell(message: FromApp): void {
  process.send?.(message);
}

function restart(): void {
  tell("restart");
}

function show(text: string): void {
  process.stderr.write(text);
}

/** What changes while the app starts waits until it has. */
function holdChanges() {
  const held: string[] = [];
  let change = (paths: readonly string[]): void => void held.push(...paths);
  process.on("message", (message: ToApp) => {
    // Before what has changed runs, and perhaps never gives way.
    tell("heard");
    if (message !== "ping") change(message.changed);
  });
  return {
    release(next: (paths: readonly string[]) => void): void {
      change = next;
      if (held.length) change(held);
    },
  };
}
