import {
  ConfigError,
  readSettings,
  type Settings,
  settingsKey,
  unknownIn,
} from "../config/index.ts";
import { findContext } from "../context.ts";
import { docsOptionsKey, DocsPlugin, errorFormatKey } from "../docs/index.ts";
import { Ending, endingKey } from "../ending.ts";
import { Events, eventsKey } from "../events/index.ts";
import { NexusError } from "../exceptions.ts";
import {
  type AddRoutes,
  addRoutesKey,
  createDispatch,
  createEndpoint,
  createErrorAnswer,
  overridesKey,
  problemJSON,
  routesOf,
} from "../http/index.ts";
import type { Lifecycle } from "../lifecycle/index.ts";
import { createLog, logKey } from "../log.ts";
import { nosniff, requestId } from "../middleware/index.ts";
import {
  hostKey,
  type PluginClass,
  PluginHost,
  type PluginSource,
  RouteTable,
  sourceOf,
  tableKey,
} from "../plugin/index.ts";
import { Scope } from "../scope.ts";
import { Services, servicesKey } from "../services.ts";
import { App, version } from "./app.ts";
import { HealthRoutes } from "./health.ts";
import type { AppOptions } from "./options.ts";

/**
 * Makes an app of plugins, and starts them.
 * @throws ConfigError for what its settings get wrong; the failure of a plugin, unless `tolerant`
 */
export async function createApp(options: AppOptions = {}): Promise<App> {
  checkNames(options);
  const settings: Settings = { ...readSettings(options.env ?? process.env), ...options.settings };
  const scope = new Scope("app", "app");
  const table = new RouteTable();
  const services = new Services(scope);
  const errorFormat = options.errorFormat ?? problemJSON;
  const errorHandlers = options.errorHandlers ?? [];
  scope.provide(settingsKey, settings);
  scope.provide(endingKey, new Ending());
  scope.provideLazy(
    logKey,
    () => options.log ?? createLog({ level: settings.log, members: requestMembers }),
  );
  scope.provide(tableKey, table);
  scope.provide(servicesKey, services);
  scope.provide(eventsKey, new Events());
  const host = new PluginHost({
    app: scope,
    config: options.config ?? {},
    env: options.env ?? process.env,
    errorFormat,
    errorHandlers,
    version,
    tolerant: options.tolerant ?? false,
    startTimeout: options.startTimeout,
    stopTimeout: options.stopTimeout,
    memory(name) {
      const { states, routes } = options.lifecycle ?? {};
      return { ...states?.get(name), routes: routes?.get(name) };
    },
  });
  scope.provide(hostKey, host);
  scope.provide(errorFormatKey, errorFormat);
  if (options.docs) scope.provide(docsOptionsKey, options.docs);
  if (options.overrides) scope.provide(overridesKey, options.overrides);
  for (const warning of settings.warnings) scope.get(logKey).warn(warning);

  const onError = createErrorAnswer(errorFormat, errorHandlers);
  const own = options.layers === false ? [] : [requestId(), nosniff()];
  const layers = [...own, ...(options.middleware ?? [])];
  const dispatch = createDispatch({ table: () => table.current, layers, onError });
  const addRoutes: AddRoutes = (routes, plugin) =>
    table.add(routesOf(routes).map((one) => createEndpoint(one, { plugin, scope, onError })));
  scope.provide(addRoutesKey, addRoutes);
  const { transport } = settings;
  const server = { ...(transport && { transport }), ...options.server };
  const app = new App({ scope, plugins: host, table, dispatch, server });
  try {
    addRoutes(new HealthRoutes(host), "health");
    const lifecycle = await openLifecycle(options, { app: scope, host });
    const sources = await sourcesOf(options);
    await host.start(sources, options.broken, async (fail) => {
      await services.start();
      await lifecycle?.recover(fail);
    });
    const failed = host.plugins.find(({ failure }) => failure);
    if (failed && !options.tolerant) throw rootOf(failed.failure!.error);
    return app;
  } catch (error) {
    await app.close(0).catch(() => {});
    throw error;
  }
}

const known =
  "plugins broken layers middleware config errorHandlers errorFormat docs accounts lifecycle server tolerant startTimeout stopTimeout settings env log overrides";

/** For those who write JavaScript, or run TypeScript unchecked. */
function checkNames({ ...options }: AppOptions): void {
  const unknown = unknownIn(options, known.split(" "));
  if (unknown) {
    const { names, cure } = unknown;
    throw new ConfigError("createApp() cannot start:", [`It was given ${names}. ${cure}`]);
  }
}

async function sourcesOf({ plugins = [], docs, accounts }: AppOptions): Promise<PluginSource[]> {
  const own: PluginSource[] = [];
  if (docs !== false) own.push(builtIn("docs", DocsPlugin));
  // Loaded only by those who want it.
  if (accounts) {
    const { AccountsPlugin } = await import("../accounts/index.ts");
    const { AdminPlugin } = await import("../admin/index.ts");
    own.push(builtIn("accounts", AccountsPlugin), builtIn("admin", AdminPlugin));
  }
  return [...own, ...plugins.map(sourceOf)];
}

/** Loaded only by those who change plugins while the app runs. */
async function openLifecycle(
  { accounts, lifecycle, config = {}, env = process.env }: AppOptions,
  parts: { readonly app: Scope; readonly host: PluginHost },
): Promise<Lifecycle | undefined> {
  if (!accounts && !lifecycle) return undefined;
  const { Lifecycle, lifecycleKey, MemoryStates } = await import("../lifecycle/index.ts");
  const states = lifecycle?.states ?? new MemoryStates();
  const made = new Lifecycle({ ...parts, config, env, ...lifecycle, states });
  parts.app.provide(lifecycleKey, made);
  return made;
}

function builtIn(name: string, type: PluginClass): PluginSource {
  const source = sourceOf(type);
  return { ...source, platform: true, manifest: { ...source.manifest, name, version } };
}

/** A plugin that failed only because another one did says so; that one is the news. */
function rootOf(error: unknown): unknown {
  const isConsequence =
    error instanceof NexusError && error.code === "NX_PLUGIN_NEEDS" && error.cause !== undefined;
  return isConsequence ? rootOf(error.cause) : error;
}

/** What every log line of a request says. */
function requestMembers(): object {
  const id = findContext()?.id;
  return id === undefined ? {} : { request_id: id };
}
