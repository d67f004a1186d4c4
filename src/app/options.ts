import type { Env, Settings } from "../config/index.ts";
import type { DocsOptions } from "../docs/index.ts";
import type { ErrorFormat, ErrorHandler, Overrides } from "../http/index.ts";
import type { LifecycleOptions } from "../lifecycle/index.ts";
import type { Logger } from "../log.ts";
import type { Middleware } from "../middleware/index.ts";
import type { BrokenSource, PluginClass, PluginSource } from "../plugin/index.ts";
import type { HttpServerOptions } from "../transport/index.ts";

export interface AppOptions {
  /** Classes, or what `loadPlugins` found. */
  readonly plugins?: readonly (PluginClass | PluginSource)[];
  /** What was found and could not be loaded. */
  readonly broken?: readonly BrokenSource[];
  /** Around every request; first is outermost. Request ids and `nosniff` stand before it. */
  readonly middleware?: readonly Middleware[];
  /** `false` leaves out the platform's own two layers: request ids and `nosniff`. */
  readonly layers?: boolean;
  /** Settings of plugins, by name. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly errorHandlers?: readonly ErrorHandler[];
  /** Default RFC 9457 problem documents. */
  readonly errorFormat?: ErrorFormat;
  /** Title and more of the documentation; `false` leaves it out. */
  readonly docs?: DocsOptions | false;
  /**
   * Users, sessions, roles and keys, under `/auth`, and what they open of the platform itself, under
   * `/api/v1`; default `false`, of the `nexus` command `true`.
   */
  readonly accounts?: boolean;
  /** Where what is decided of plugins is remembered, and more are installed; default: in memory, nowhere. */
  readonly lifecycle?: Partial<
    Pick<LifecycleOptions, "states" | "versions" | "pluginsFolder" | "modules" | "routes" | "isLed">
  >;
  readonly server?: HttpServerOptions;
  /** Seconds that a plugin's services get to start, and then the plugin itself; default 60. */
  readonly startTimeout?: number;
  /** Seconds that a plugin gets for `stop()` and all else that it undoes when it ends; default 10. */
  readonly stopTimeout?: number;
  /** A plugin that fails is an error (default), or a value, and the others go on. */
  readonly tolerant?: boolean;
  /** Over what the environment says. */
  readonly settings?: Partial<Settings>;
  /** Default `process.env`. */
  readonly env?: Env;
  readonly log?: Logger;
  /** What stands in the place of dependencies, in tests. */
  readonly overrides?: Overrides;
}

/** What nexus.config.ts exports. */
export type NexusConfig = Omit<
  AppOptions,
  "broken" | "lifecycle" | "tolerant" | "env" | "log" | "overrides"
> & {
  /** Where plugins are found; default `plugins`. */
  readonly pluginsFolder?: string;
};

/** Types the settings of an app: `export default defineConfig({ … })`. */
export const defineConfig = (config: NexusConfig): NexusConfig => config;
