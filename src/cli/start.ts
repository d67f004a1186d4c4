import { messageOf } from "../exceptions.ts";
import { loadApp } from "./load.ts";

/** Serves the app of the working folder until SIGTERM or SIGINT. Exit code 1 for a fault of the app's own. */
export async function start(): Promise<void> {
  try {
    const { app, settings } = await loadApp(process.cwd());
    const { url } = await app.listen({ port: settings.port, host: settings.host });
    process.stdout.write(`Nexus is ready at ${url}\n`);
    let ending = false;
    const end = (signal: string): void => {
      // Asked twice, it ends at once.
      if (ending) process.exit(1);
      ending = true;
      void app.close(settings.shutdownTimeout).then(
        () => process.exit(0),
        (error: unknown) => fail(`Stopping on ${signal} failed: ${messageOf(error)}`),
      );
    };
    process.on("SIGTERM", end);
    process.on("SIGINT", end);
  } catch (error) {
    fail(messageOf(error));
  }
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
