import { on } from "../events/index.ts";
import { hostKey } from "../plugin/index.ts";
import { currentScope } from "../scope.ts";
import { inject, Service } from "../services.ts";
import { currentLog } from "../log.ts";
import { Roles } from "./roles.ts";

/** Hears of every plugin that starts, and takes in the permissions and roles that it brings. */
export class Declarations extends Service {
  readonly #host = currentScope("new Declarations()").root.find(hostKey);
  readonly #roles = inject(Roles);

  override async start(): Promise<void> {
    // Those that have started before anybody could hear of it.
    for (const { name, state } of this.#host?.plugins ?? [])
      if (state === "started") await this.#take(name);
  }

  heard = on("plugin.*.started", ({ data }) => this.#take((data as { plugin: string }).plugin));
  ended = on("plugin.*.stopped", ({ data }) =>
    this.#roles.forget((data as { plugin: string }).plugin),
  );

  async #take(plugin: string): Promise<void> {
    const source = this.#host?.sourceOf(plugin);
    if (!source) return;
    // Its last version may have brought others.
    this.#roles.forget(plugin);
    const permissions = { ...source.manifest.permissions, ...source.type.permissions };
    const { roles } = source.type;
    if (!Object.keys(permissions).length && !Object.keys(roles).length) return;
    const { refused } = await this.#roles.declare(plugin, permissions, roles);
    for (const reason of refused)
      currentLog().warn(
        { plugin, reason },
        `A part of what the plugin "${plugin}" brings is left out`,
      );
  }
}
