import { eventsKey, on } from "../events/index.ts";
import { logKey } from "../log.ts";
import type { Scope } from "../scope.ts";
import type { LifecycleOptions } from "./options.ts";

/** Remembers what starts, and forgets what is uninstalled. */
export function noteRoutes({ app, host, routes }: LifecycleOptions): void {
  if (!routes) return;
  const note = async (data: unknown, isThere: boolean): Promise<void> => {
    const { plugin } = data as { readonly plugin: string };
    const { folder } = host.status(plugin) ?? {};
    // What is given in code is there at each start.
    if (isThere && folder === undefined) return;
    await routes.note(plugin, isThere ? host.routesOf(plugin) : []);
  };
  const events = app.get(eventsKey);
  app.defer(() => routes.settled);
  // Nobody waits for it.
  events.subscribe(
    on("plugin.*.started", ({ data }) => void note(data, true).catch(complain(app))),
  );
  events.subscribe(
    on("plugin.*.uninstalled", ({ data }) => void note(data, false).catch(complain(app))),
  );
}

/** Forgets those of which nothing is there any more; before plugins start. */
export function forgetRoutes({ app, host, routes, states }: LifecycleOptions): void {
  const names = new Set([...host.plugins.map(({ name }) => name), ...states.names]);
  void routes?.keepOnly(names).catch(complain(app));
}

const complain =
  (app: Scope) =>
  (error: unknown): void =>
    app.get(logKey).warn({ err: error }, "The routes of plugins could not be kept");
