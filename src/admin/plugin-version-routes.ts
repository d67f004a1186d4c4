import { Conflict, HTTPException, NotFound, ValidationError } from "../exceptions.ts";
import { post, Routes } from "../http/index.ts";
import type { PluginInfo, Target } from "../lifecycle/index.ts";
import { anyText, list, object, optional } from "../shape/index.ts";
import type { Out } from "../validation/index.ts";
import { changePlugin, lifecycle } from "./plugin-change.ts";
import { refusing } from "./plugin-refusal.ts";
import {
  PlanPlugin,
  PlanShape,
  PluginShape,
  RollbackPlugin,
  UpgradePlugin,
} from "./plugin-schemas.ts";

const responses = { 404: NotFound, 409: Conflict };
const fetching = { ...responses, 502: HTTPException };

/** From one version of a plugin to another, and back. */
export class PluginVersionRoutes extends Routes {
  /**
   * Say what an upgrade would change.
   *
   * The new version is compiled beside the one that runs, and not started; a package is installed for that.
   */
  plan = post(
    "/{name}/plan",
    { body: PlanPlugin, response: PlanShape, responses: fetching },
    ({ name, body }) => refusing(() => lifecycle().plan(name, targetOf(body))),
  );

  /**
   * Upgrade a plugin.
   *
   * The new version starts beside the one that runs, and takes over when it is well. For a while it is
   * watched; when it is worse than the one before, that one comes back by itself.
   */
  upgrade = post(
    "/{name}/upgrade",
    { body: UpgradePlugin, response: PluginShape, responses: fetching },
    ({ name, body }) => {
      const { allow_breaking: allowBreaking, stop, window, wait, version, spec } = body;
      const details = (done?: PluginInfo) => ({
        ...done?.last_upgrade,
        ...(done ? {} : { to: version ?? spec }),
        ...(allowBreaking && { allow_breaking: true }),
        ...(stop && { stop }),
      });
      return changePlugin({ action: "plugin.upgraded", plugin: name, details }, (life) =>
        life.upgrade(name, targetOf(body), { allowBreaking, stop, window, wait }),
      );
    },
  );

  /** Go back to the version and the settings before the last change; tables keep what was added. */
  rollback = post(
    "/{name}/rollback",
    { body: optional(RollbackPlugin, { restore: false }), response: PluginShape, responses },
    ({ name, body }) => {
      const details = (done?: PluginInfo) => ({ ...body, ...done?.last_upgrade });
      return changePlugin({ action: "plugin.rolled_back", plugin: name, details }, (life) =>
        life.rollback(name, body),
      );
    },
  );

  /**
   * Finish an upgrade: give up going back, and take away older versions and what only they needed.
   *
   * Answers with the migrations whose `contract` was run.
   */
  finalize = post(
    "/{name}/finalize",
    { response: object("PluginFinalized", { migrations: list(anyText()) }), responses },
    ({ name }) =>
      changePlugin<{ migrations: string[] }>(
        { action: "plugin.finalized", plugin: name, details: (done) => ({ ...done }) },
        async (life) => ({ migrations: [...(await life.finalize(name))] }),
      ),
  );
}

/** @throws ValidationError for one that says both, or neither */
function targetOf({ version, spec }: Out<typeof PlanPlugin>): Target {
  if (version !== undefined && spec === undefined) return { version };
  if (spec !== undefined && version === undefined) return { spec };
  const msg = "Say either version or spec";
  throw new ValidationError([{ loc: ["body"], type: "value_error", msg }]);
}
