import { settingSources } from "../config/index.ts";
import type { PlannedMigration } from "../database/index.ts";
import {
  type APIChange,
  type Change,
  compareAPI,
  compareGuards,
  comparePermissions,
  compareSettings,
  createOpenAPI,
  errorFormatKey,
} from "../docs/index.ts";
import { messageOf } from "../exceptions.ts";
import type { Endpoint } from "../http/index.ts";
import type { PluginSource } from "../plugin/index.ts";
import { currentOf, type LifecycleOptions } from "./options.ts";
import type { PluginTables } from "./plugin-tables.ts";

/** What an upgrade would change. */
export interface Plan {
  readonly plugin: string;
  readonly from: string;
  readonly to: string;
  /** Differences of the routes; of an operation those that break its clients come first. */
  readonly routes: readonly APIChange[];
  readonly permissions: readonly Change[];
  readonly settings: readonly Change[];
  readonly migrations: {
    /** What would run, with what is not additive in it. */
    readonly expand: readonly PlannedMigration[];
    /** What waits for `finalize`. */
    readonly pending: readonly string[];
    /** What has run, and that version does not know and may not live with, each with the reason. */
    readonly ahead: readonly { readonly name: string; readonly reason: string }[];
  };
  /** Whether clients may break: to be allowed. */
  readonly breaking: boolean;
  /** Whether migrations are not additive: the old version has to be stopped. */
  readonly needs_stop: boolean;
  /** Why it could not be started at all. */
  readonly faults: readonly string[];
}

export interface PlannedVersion {
  readonly source: PluginSource;
  /** What it is set to then, over the config file's. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** Compares a version with the one that runs; it is made and compiled for that, and never started. */
export async function createPlan(
  options: LifecycleOptions,
  tables: PluginTables,
  { source, settings: given }: PlannedVersion,
): Promise<Plan> {
  const { host } = options;
  const { name, version } = source.manifest;
  const old = await currentOf(options, name).catch(() => undefined);
  const faults: string[] = [];
  const attempt = async <T>(work: () => Promise<T>, otherwise: T): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      const fault = messageOf(error);
      if (!faults.includes(fault)) faults.push(fault);
      return otherwise;
    }
  };
  await attempt(() => host.check(source, given), undefined);
  const routes = await attempt(async () => {
    const after = (await endpointsOf(options, source, given))!;
    const before = host.routesOf(name).length
      ? host.routesOf(name)
      : await endpointsOf(options, old).catch(() => undefined);
    // Of one that cannot even be compiled nobody is a client.
    if (!before) return [];
    return compareRoutes(options, before, after);
  }, []);
  const settings = await attempt(async () => {
    const values = old && valuesOf(options, old);
    return compareSettings(old?.type.config, source.type.config, values);
  }, []);
  const planned = await attempt(() => tables.plan(source), {
    migrations: [],
    pending: [],
    ahead: [],
  });
  const { migrations, pending } = planned;
  const ahead = await attempt(() => tables.lasting(name, planned.ahead, old), []);
  return {
    plugin: name,
    from: host.status(name)?.manifest?.version ?? "",
    to: version,
    routes,
    permissions: comparePermissions(old ? permissionsOf(old) : {}, permissionsOf(source)),
    settings,
    migrations: { expand: migrations, pending, ahead },
    breaking: routes.some((change) => change.breaking),
    needs_stop: migrations.some(({ obstacles }) => obstacles.length > 0),
    faults,
  };
}

function compareRoutes(
  { app }: LifecycleOptions,
  before: readonly Endpoint[],
  after: readonly Endpoint[],
): APIChange[] {
  const errorFormat = app.find(errorFormatKey);
  const describe = (endpoints: readonly Endpoint[]) =>
    createOpenAPI(endpoints, errorFormat ? { errorFormat } : {});
  return [...compareAPI(describe(before), describe(after)), ...compareGuards(before, after)];
}

async function endpointsOf(
  { host }: LifecycleOptions,
  source: PluginSource | undefined,
  settings?: PlannedVersion["settings"],
): Promise<readonly Endpoint[] | undefined> {
  const unit = source && (await host.preview(source, settings));
  await unit?.end(0);
  return unit?.endpoints;
}
/** The settings that somebody has given. */
function valuesOf({ host, config, env }: LifecycleOptions, { type, manifest }: PluginSource) {
  const { name } = manifest;
  const sources = settingSources({
    plugin: name,
    schema: type.config,
    values: config[name],
    stored: host.settingsOf(name),
    env,
  });
  const given = Object.entries(Object(host.configOf(name))).filter(
    ([key]) => sources[key] !== "default",
  );
  return Object.fromEntries(given);
}

function permissionsOf({ manifest, type }: PluginSource): Readonly<Record<string, string>> {
  return { ...manifest.permissions, ...type.permissions };
}
