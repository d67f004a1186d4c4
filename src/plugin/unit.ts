import { type Env, readPluginConfig } from "../config/index.ts";
import { Ending, endingKey } from "../ending.ts";
import { eventsKey, type Listener } from "../events/index.ts";
import { NexusError } from "../exceptions.ts";
import {
  createEndpoint,
  createErrorAnswer,
  type Endpoint,
  type ErrorFormat,
  type ErrorHandler,
  groupsOf,
  routesOf,
  type RouteSpec,
} from "../http/index.ts";
import { logKey } from "../log.ts";
import { type Scope } from "../scope.ts";
import { findService, Services } from "../services.ts";
import { compileTasks, prepareTasks, type Runnable, runTasks } from "../tasks/index.ts";
import { endPatience, healthPatience, startPatience, within } from "./deadline.ts";
import { type Plugin, pluginInfo } from "./plugin.ts";
import { isSchema, type Schema } from "../validation/index.ts";
import type { PluginSource } from "./source.ts";
import { tableKey } from "./table.ts";

/** What all plugins of an app share. */
export interface Surroundings {
  readonly app: Scope;
  /** Settings by plugin, from the config file. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly env: Env;
  readonly errorFormat: ErrorFormat;
  readonly errorHandlers: readonly ErrorHandler[];
  /** Seconds that services get to start, and then the plugin. */
  readonly startTimeout?: number | undefined;
}

/** One plugin with its scope: made, started, and ended as a whole. */
export class Unit {
  readonly source: PluginSource;
  readonly scope: Scope;
  readonly #around: Surroundings;
  readonly #services: Services;
  #instance: Plugin | undefined;
  #making = false;
  #config: unknown;
  #endpoints: readonly Endpoint[] = [];
  #tasks: readonly Runnable[] = [];
  readonly #stopping = new AbortController();
  readonly #ending: Ending;

  constructor(source: PluginSource, around: Surroundings) {
    this.source = source;
    this.#around = around;
    this.scope = around.app.child("plugin", source.manifest.name);
    this.#ending = new Ending(around.app.find(endingKey));
    this.scope.provide(endingKey, this.#ending);
    this.#services = new Services(this.scope);
    for (const service of source.type.services) this.#services.offer(service);
  }

  get name(): string {
    return this.source.manifest.name;
  }

  /** Reads the plugin's settings. @throws ConfigError with all faults */
  async configure(): Promise<void> {
    const { config, env } = this.#around;
    const { type } = this.source;
    this.#config = await readPluginConfig({
      plugin: this.name,
      schema: type.config,
      values: config[this.name],
      env,
    });
  }

  /** Makes the plugin and its services; what they inject of other plugins is made before. */
  make(): void {
    // Two plugins that inject each other's services are a ring, which is found when they are ordered.
    if (this.#making) return;
    this.#making = true;
    const { name, version } = this.source.manifest;
    const log = this.#around.app.get(logKey).child({ plugin: name });
    this.scope.provide(logKey, log);
    this.scope.provide(pluginInfo, {
      name,
      version,
      config: this.#config,
      log,
      signal: this.#stopping.signal,
    });
    this.#services.makeAll(this.source.type.services);
    this.#instance = this.scope.run(() => new this.source.type());
  }

  /** Compiles its routes and tasks. @throws what their specs get wrong, and services that nobody provides */
  async compile(): Promise<void> {
    const instance = this.#instance!;
    for (const name of ["start", "stop", "health"] as const) {
      if (instance[name] === undefined || typeof instance[name] === "function") continue;
      throw new NexusError(
        "NX_ROUTE_SPEC",
        `The plugin "${this.name}" has a field "${name}", which is the name of a step in its life.`,
        { cure: "Give the field another name." },
      );
    }
    this.#endpoints = await this.#endpointsOf(instance);
    const parts = [...groupsOf(instance), ...this.#services.made];
    this.#tasks = await compileTasks(this.name, parts, this.scope);
  }

  /** Brings the tables up to date, starts services and plugin, and puts its routes into the table. */
  async start(): Promise<void> {
    const instance = this.#instance!;
    const { migrations } = this.source.type;
    if (Object.keys(migrations).length) {
      // Loaded only by those who have tables.
      const { Database, migrate } = await import("../database/index.ts");
      await this.scope.run(() =>
        migrate(findService(this.scope, Database), { plugin: this.name, migrations }),
      );
    }
    if (this.#tasks.length) await prepareTasks(this.scope);
    const { startTimeout = startPatience } = this.#around;
    await within(startTimeout, `The start of its services`, this.#services.start());
    this.scope.defer(() => instance.stop?.());
    await within(
      startTimeout,
      "Its start()",
      this.scope.run(() => instance.start?.()),
    );
    this.#listen(instance);
    if (this.#tasks.length) this.scope.defer(await runTasks(this.#tasks));
    this.scope.defer(this.#around.app.get(tableKey).add(this.#endpoints));
  }

  /**
   * Undoes all of it, newest first, in the plugin's scope.
   * @param seconds for what still runs
   * @throws AggregateError
   */
  end(seconds = endPatience): Promise<void> {
    // First, so that nobody is waited for who waits for it.
    const ended = this.#ending.begin(seconds);
    this.#stopping.abort();
    return this.scope.run(() => this.scope.dispose()).finally(ended);
  }

  #listen(instance: Plugin): void {
    const events = this.#around.app.get(eventsKey);
    for (const part of [...groupsOf(instance), ...this.#services.made]) {
      for (const listener of Object.values(part).filter(isListener))
        events.subscribe(listener, this.scope);
    }
  }

  async #endpointsOf(instance: Plugin): Promise<Endpoint[]> {
    const { errorFormat, errorHandlers } = this.#around;
    const { prefix, errorHandlers: own } = this.source.type;
    const onError = createErrorAnswer(errorFormat, [...errorHandlers, ...own]);
    const routes = routesOf(instance, prefix);
    // Zod is the user's: whoever has it gets its schemas compiled.
    if (
      routes.some(({ spec }) =>
        schemasOf(spec).some((schema) => schema["~standard"].vendor === "zod"),
      )
    ) {
      await import("../zod.ts").catch(() => {});
    }
    return routes.map((route) =>
      createEndpoint(route, { plugin: this.name, scope: this.scope, onError }),
    );
  }

  /** @throws what the plugin throws when it is unwell */
  async health(): Promise<void> {
    await within(
      healthPatience,
      "Its health()",
      this.scope.run(() => this.#instance?.health?.()),
    );
  }
}

function schemasOf({ body, response, path, query, headers, cookies, form }: RouteSpec): Schema[] {
  const fields = [path, query, headers, cookies, form].flatMap((part) =>
    part && !isSchema(part) ? Object.values(part) : part,
  );
  return [body, response, ...fields].filter((schema) => schema !== undefined);
}

function isListener(value: unknown): value is Listener {
  return (value as Partial<Listener> | null | undefined)?.kind === "listener";
}
