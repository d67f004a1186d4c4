import { lifecycleKey } from "../lifecycle/index.ts";
import { logKey } from "../log.ts";
import { serveControl } from "./control-server.ts";
import { loadApp, type LoadedApp, type LoadOptions } from "./load.ts";
import { holdFaults } from "./uncaught.ts";

/**
 * Serves the app of the working folder until SIGTERM or SIGINT. Exit code 1 for a fault of the app's own.
 * @returns what is served
 */
export async function start(options?: LoadOptions): Promise<LoadedApp> {
  const warnings = holdWarnings();
  const faults = holdFaults();
  const loaded = await loadApp(process.cwd(), {}, options);
  const { app, settings, release } = loaded;
  warnings.release((warning) => app.scope.get(logKey).warn({ err: warning }, warning.message));
  const listening = await app.listen({ port: settings.port, host: settings.host }).catch(
    // What has started is stopped before the fault is told.
    (error: unknown) =>
      app
        .close(0)
        .then(release)
        .then(() => Promise.reject(error)),
  );
  const closeControl = await serveControl(app);
  let isEnding = false;
  const end = (): void => {
    if (isEnding) return;
    isEnding = true;
    const { shutdownTimeout } = settings;
    void Promise.all([
      closeControl(shutdownTimeout),
      app.close(shutdownTimeout).then(release),
    ]).then(
      () => process.exit(),
      () => process.exit(1),
    );
  };
  let asked: number | undefined;
  const hear = (): void => {
    // npm and a terminal both pass a signal on: only who asks again later has lost patience.
    if (asked !== undefined && performance.now() - asked > 1000) process.exit(1);
    asked ??= performance.now();
    end();
  };
  process.on("SIGTERM", hear);
  process.on("SIGINT", hear);
  faults.release(app, () => {
    process.exitCode = 1;
    app.scope.find(lifecycleKey)?.crash();
    end();
  });
  const missing = app.plugins.plugins.filter(({ failure }) => failure).map(({ name }) => name);
  const without = missing.length ? ` (without ${missing.join(", ")}: see the log)` : "";
  process.stdout.write(`Nexus is ready at ${listening.url}${without}\n`);
  return loaded;
}

/** Node writes its warnings for people: in a log they are lines as all others. */
function holdWarnings() {
  const held: Error[] = [];
  let tell = (warning: Error): unknown => held.push(warning);
  process.removeAllListeners("warning");
  process.on("warning", (warning) => tell(warning));
  return {
    release(log: (warning: Error) => void): void {
      tell = log;
      for (const warning of held) log(warning);
    },
  };
}
