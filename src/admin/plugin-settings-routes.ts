import { Conflict, NotFound } from "../exceptions.ts";
import { get, put, Routes } from "../http/index.ts";
import { changePlugin, lifecycle } from "./plugin-change.ts";
import { refusing } from "./plugin-refusal.ts";
import { NewSettings, PluginShape, SettingsShape } from "./plugin-schemas.ts";

/** What plugins are set to. */
export class PluginSettingsRoutes extends Routes {
  /** Get the settings of a plugin, and where each comes from. */
  read = get(
    "/{name}/config",
    { response: SettingsShape, responses: { 404: NotFound } },
    ({ name }) => refusing(() => lifecycle().settings(name)),
  );

  /**
   * Give a plugin other settings, in the place of all that were given here before.
   *
   * They stand over those of the config file, and below the environment. What was read covered and is
   * sent back stays as it is.
   */
  change = put(
    "/{name}/config",
    {
      body: NewSettings,
      response: PluginShape,
      responses: { 404: NotFound, 409: Conflict },
    },
    ({ name, body }) =>
      changePlugin(
        // Their values may be secret.
        {
          action: "plugin.configured",
          plugin: name,
          details: () => ({ names: Object.keys(body) }),
        },
        (life) => life.configure(name, body),
      ),
  );
}
