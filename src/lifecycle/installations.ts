import { messageOf, NexusError } from "../exceptions.ts";
import { tellNews } from "../plugin/news.ts";
import { forgetTasks } from "../tasks/index.ts";
import type { Installation } from "./install.ts";
import {
  exportFileFor,
  known,
  type LifecycleOptions,
  loadInstalled,
  originOf,
  refuseTaken,
  tell,
} from "./options.ts";
import type { PluginTables } from "./plugin-tables.ts";

/** What becomes of a plugin's tables when it is uninstalled. */
export type DataFate = "keep" | "export" | "drop";

/** Brings plugins into the app, and takes them out of it with all their versions. */
export class Installations {
  readonly #options: LifecycleOptions;
  readonly #tables: PluginTables;

  constructor(options: LifecycleOptions, tables: PluginTables) {
    this.#options = options;
    this.#tables = tables;
  }

  /** Puts a version where it belongs; nothing of it runs yet. @throws NX_PLUGIN_ORIGIN, and what `install` throws */
  async fetch(spec: string): Promise<Installation> {
    const { versions } = this.#options;
    if (!versions) {
      throw new NexusError("NX_PLUGIN_ORIGIN", "This app has no place for installed plugins.", {
        cure: "Run it with `nexus start`; in code, give the class.",
      });
    }
    // Who starts does not wait for it.
    const { install } = await import("./install.ts");
    return install(versions, spec);
  }

  /** Starts it, unless another version of it is there already: then it waits for an upgrade. @throws PluginFailed */
  async adopt(installed: Installation, enable: boolean): Promise<void> {
    const { host, states, versions } = this.#options;
    const { name, version } = installed;
    const other = host.status(name);
    if (other && originOf(this.#options, name) === "installed") {
      const now = other.manifest?.version;
      if (now !== version) tell(this.#options, name, `Installed ${version} beside ${now}`);
      // It may have been damaged, and is whole now.
      else if (other.state === "failed") await host.enable(name, await loadInstalled(installed));
      return;
    }
    const before = states.get(name);
    try {
      const source = await loadInstalled(installed);
      refuseTaken(this.#options, source);
      // It may have been said of another one, which is gone.
      if (before) await states.change({ [name]: undefined });
      if (enable) await host.put([source], { migrations: "expand" });
      else await host.add(source);
    } catch (error) {
      if (before) await states.change({ [name]: before });
      if (installed.added) await versions!.remove(name, version);
      throw error;
    }
    await states.change({ [name]: { enabled: enable, version } });
    tell(this.#options, name, `Installed ${version}`);
  }

  /** @throws NX_PLUGIN_NEEDED */
  async remove(name: string, data: DataFate): Promise<{ readonly exported?: string }> {
    const { host, states, versions, app } = this.#options;
    const { manifest, enabled } = known(host, name);
    await host.disable(name);
    const file =
      data === "export" ? exportFileFor(this.#options, name, manifest?.version ?? "") : undefined;
    try {
      if (file !== undefined) await this.#export(name, file);
      if (data !== "keep") {
        await this.#tables.drop(name);
        await forgetTasks(name, app);
      }
    } catch (error) {
      // It was not removed, so it goes on; what fails of that is kept with its reason.
      if (enabled) await host.enable(name).catch(() => {});
      throw error;
    }
    await host.remove(name);
    await states.change({ [name]: undefined });
    for (const version of (await versions?.list(name)) ?? []) await versions!.remove(name, version);
    await tellNews({ app }, `plugin.${name}.uninstalled`, { plugin: name, data });
    tell(this.#options, name, `Uninstalled (data: ${data})`);
    return file === undefined ? {} : { exported: file };
  }

  async #export(name: string, file: string): Promise<void> {
    try {
      await this.#tables.export(name, file);
    } catch (cause) {
      if (cause instanceof NexusError) throw cause;
      throw new NexusError(
        "NX_TABLE_EXPORT",
        `The tables of "${name}" could not be written to ${file}: ${messageOf(cause)}.`,
        { cure: "Make room there, or let this process write there. Nothing was removed.", cause },
      );
    }
  }
}
