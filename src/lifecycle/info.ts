import { messageOf } from "../exceptions.ts";
import type { PluginState } from "../plugin/index.ts";
import { known, type LifecycleOptions, type Origin, originOf, savedOf } from "./options.ts";
import type { LastUpgrade, Watches } from "./watches.ts";

/** What there is to know of a plugin, for who looks after it. */
export interface PluginInfo {
  readonly name: string;
  readonly version: string;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly origin: Origin;
  /** Its folder or file; none of one that is given in code. */
  readonly folder?: string | undefined;
  readonly state: PluginState;
  readonly since: Date;
  /** Whether it is meant to run. */
  readonly enabled: boolean;
  readonly failure?: { readonly step: string; readonly reason: string } | undefined;
  /** When a failed one is tried again. */
  readonly retry_at?: Date | undefined;
  /** Installed on this machine, the newest first. */
  readonly versions: readonly string[];
  /** What a rollback leads to. */
  readonly previous?: { readonly version?: string | undefined } | undefined;
  /** The plugins that it needs, with their versions. */
  readonly needs: Readonly<Record<string, string>>;
  readonly needed_by: readonly string[];
  readonly routes: readonly { readonly method: string; readonly path: string }[];
  readonly permissions: Readonly<Record<string, string>>;
  /** Since this version was started. */
  readonly requests: number;
  /** Its answers that were 5xx, and promises that nobody awaited. */
  readonly faults: number;
  /** After an upgrade: until when it is compared with the version before. */
  readonly watched_until?: Date | undefined;
  readonly last_upgrade?: LastUpgrade | undefined;
}

/** @throws NX_PLUGIN_UNKNOWN */
export async function infoOf(
  options: LifecycleOptions,
  watches: Watches,
  name: string,
): Promise<PluginInfo> {
  const { host, versions } = options;
  const { manifest, state, since, enabled, folder, failure, retryAt } = known(host, name);
  const { previous } = savedOf(options, name);
  const source = host.sourceOf(name);
  return {
    name,
    version: manifest?.version ?? "0.0.0",
    title: manifest?.title,
    description: manifest?.description,
    origin: originOf(options, name),
    folder,
    state,
    since,
    enabled,
    failure: failure && { step: failure.step, reason: failure.reason },
    retry_at: retryAt,
    versions: (await versions?.list(name)) ?? [],
    previous: previous && { version: previous.version },
    needs: manifest?.plugins ?? {},
    needed_by: host.neededBy(name),
    routes: host.routesOf(name).map(({ method, path }) => ({ method, path })),
    permissions: { ...manifest?.permissions, ...source?.type.permissions },
    ...host.traffic(name),
    watched_until: watches.until(name),
    last_upgrade: watches.last(name),
  };
}

export interface PluginHealth {
  readonly status: "ok" | "unwell" | "stopped" | "failed";
  readonly reason?: string;
}

/** @throws NX_PLUGIN_UNKNOWN */
export async function healthOf({ host }: LifecycleOptions, name: string): Promise<PluginHealth> {
  const { state, failure } = known(host, name);
  if (failure) return { status: "failed", reason: failure.reason };
  if (state !== "started") return { status: "stopped" };
  try {
    await host.health(name);
    return { status: "ok" };
  } catch (error) {
    return { status: "unwell", reason: messageOf(error) };
  }
}
