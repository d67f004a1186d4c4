import type { App } from "../app/index.ts";
import { logKey } from "../log.ts";
import { findCulprit } from "../plugin/index.ts";

/**
 * Hears of what nobody has caught: of a plugin it is that plugin's failure, and the others go on. What
 * belongs to none ends the app; while there is none yet, the process.
 */
export function holdFaults() {
  let app: App | undefined;
  let end = exit;
  /** What waits for the app. */
  const held: ((app: App) => void)[] = [];
  /** @returns false for what is nobody's */
  const blame = (error: unknown, thrown: boolean): boolean => {
    const { plugin, host = app?.plugins } = findCulprit(error) ?? {};
    if (plugin === undefined) return false;
    if (host) return host.blame(plugin, error, { thrown });
    held.push(({ plugins }) => plugins.blame(plugin, error, { thrown }));
    return true;
  };
  process.on("uncaughtException", (error) => {
    if (blame(error, true)) return;
    const text = "An error that nobody caught; stopping";
    // Nobody knows what is left half done: finish what runs, and let a supervisor start anew.
    if (app) app.scope.get(logKey).fatal({ err: error }, text);
    else process.stderr.write(`${text}\n${String((error as Error | undefined)?.stack ?? error)}\n`);
    end();
  });
  process.on("unhandledRejection", (reason) => {
    if (blame(reason, false)) return;
    // A promise that somebody forgot to await must not end the others.
    const tell = ({ scope }: App): void =>
      scope.get(logKey).error({ err: reason }, "A promise failed that nobody awaited");
    if (app) tell(app);
    else held.push(tell);
  });
  return {
    /** @param ended ends the app */
    release(started: App, ended: () => void): void {
      app = started;
      end = ended;
      for (const tell of held.splice(0)) tell(started);
    },
  };
}

function exit(): void {
  process.exit(1);
}
