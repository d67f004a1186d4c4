import { get, JSONResponse, Routes } from "../http/index.ts";
import { currentLog } from "../log.ts";
import type { PluginHost } from "../plugin/index.ts";

/** For load balancers: whether the process lives, and whether it should get requests. */
export class HealthRoutes extends Routes {
  readonly #host: PluginHost;

  constructor(host: PluginHost) {
    super();
    this.#host = host;
  }

  live = get("/health/live", { hidden: true }, () => ({ status: "ok" }));

  /** 503, naming what is unwell, when a plugin that is not optional has failed. */
  ready = get("/health/ready", { hidden: true }, async () => {
    const plugins = await Promise.all(this.#host.plugins.map((plugin) => this.#check(plugin)));
    const unwell = plugins.filter(({ ok, optional }) => !ok && !optional);
    const body = {
      status: unwell.length ? "unavailable" : "ok",
      plugins: plugins.map(({ ok: _, ...plugin }) => plugin),
    };
    return new JSONResponse(body, {
      status: unwell.length ? 503 : 200,
      headers: { "Cache-Control": "no-store" },
    });
  });

  async #check({ name, state, failure, manifest }: PluginHost["plugins"][number]) {
    const about = { name, state, optional: manifest?.optional ?? false };
    // The reason is for the log: it may name files and settings.
    if (failure) return { ...about, ok: false, step: failure.step };
    try {
      await this.#host.health(name);
      return { ...about, ok: state === "started" };
    } catch (error) {
      currentLog().warn({ err: error, plugin: name }, `The plugin "${name}" is unwell`);
      return { ...about, ok: false, step: "health" };
    }
  }
}
