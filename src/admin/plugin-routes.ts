import { findContext } from "../context.ts";
import { Conflict, NotFound } from "../exceptions.ts";
import {
  del,
  EventStream,
  eventsOf,
  get,
  lastEventId,
  mount,
  post,
  Routes,
} from "../http/index.ts";
import type { PluginInfo } from "../lifecycle/index.ts";
import { anyText, integer, object, oneOf, optional } from "../shape/index.ts";
import { mayListen } from "./listening.ts";
import { changePlugin, lifecycle } from "./plugin-change.ts";
import { PluginInstallRoutes } from "./plugin-install-routes.ts";
import { logEvents, tailIn } from "./plugin-logs.ts";
import { refusing } from "./plugin-refusal.ts";
import {
  DisablePlugin,
  HealthShape,
  LogLineShape,
  PluginList,
  PluginShape,
} from "./plugin-schemas.ts";
import { PluginSettingsRoutes } from "./plugin-settings-routes.ts";
import { PluginVersionRoutes } from "./plugin-version-routes.ts";

const responses = { 404: NotFound, 409: Conflict };

/** The plugins of the app, for those who look after them. */
export class PluginRoutes extends Routes {
  /** List all plugins, running or not. */
  list = get("/", { response: PluginList }, async () => ({ plugins: await lifecycle().list() }));

  installing: PluginInstallRoutes = mount("", PluginInstallRoutes);
  settings: PluginSettingsRoutes = mount("", PluginSettingsRoutes);
  versions: PluginVersionRoutes = mount("", PluginVersionRoutes);

  /** Get one plugin. */
  one = get("/{name}", { response: PluginShape, responses: { 404: NotFound } }, ({ name }) =>
    refusing(() => lifecycle().info(name)),
  );

  /** Start a plugin that is disabled or has failed, now and at each start. */
  enable = post("/{name}/enable", { response: PluginShape, responses }, ({ name }) =>
    changePlugin({ action: "plugin.enabled", plugin: name, details: versionOf }, (life) =>
      life.enable(name),
    ),
  );

  /**
   * Stop a plugin, now and for each start.
   *
   * Its routes are gone at once; what it is answering is finished first.
   */
  disable = post(
    "/{name}/disable",
    { body: optional(DisablePlugin, { cascade: false }), response: PluginShape, responses },
    ({ name, body }) =>
      changePlugin({ action: "plugin.disabled", plugin: name, details: () => body }, (life) =>
        life.disable(name, body),
      ),
  );

  /** Load a plugin's code anew: the new one starts beside the old one, and takes over. */
  reload = post("/{name}/reload", { response: PluginShape, responses }, ({ name }) =>
    changePlugin({ action: "plugin.reloaded", plugin: name, details: versionOf }, (life) =>
      life.reload(name),
    ),
  );

  /**
   * Uninstall a plugin, with all its versions.
   *
   * Its tables are kept, or dropped, or exported into a file on the server's machine and dropped.
   */
  remove = del(
    "/{name}",
    {
      query: { data: optional(oneOf(["keep", "export", "drop"]), "keep") },
      response: object("PluginRemoved", {
        exported: optional(anyText("The file with its tables")),
      }),
      responses,
    },
    ({ name, data }) =>
      changePlugin<{ exported?: string }>(
        {
          action: "plugin.uninstalled",
          plugin: name,
          details: (outcome) => ({ data, ...outcome }),
        },
        (life) => life.uninstall(name, { data }),
      ),
  );

  /** Ask a plugin whether it is well. */
  health = get(
    "/{name}/health",
    { response: HealthShape, responses: { 404: NotFound } },
    ({ name }) => refusing(() => lifecycle().health(name)),
  );

  /**
   * Follow the log of a plugin.
   *
   * Server-sent events: a `line` for each of the last lines, and then for each one as it is written;
   * `missed` where there were more than are kept.
   */
  logs = get(
    "/{name}/logs",
    {
      query: { lines: optional(integer({ min: 0, max: 1000, description: "Of the last" }), 50) },
      response: eventsOf(LogLineShape),
      responses,
    },
    async ({ name, lines, request }) => {
      await refusing(() => lifecycle().info(name));
      const context = findContext()!;
      const tail = tailIn(context);
      return new EventStream((signal) =>
        logEvents(tail, {
          plugin: name,
          lines,
          seen: lastEventId(request),
          mayListen: () => mayListen(context),
          signal,
        }),
      );
    },
  );
}

function versionOf(plugin: PluginInfo | undefined) {
  return plugin ? { version: plugin.version } : {};
}
