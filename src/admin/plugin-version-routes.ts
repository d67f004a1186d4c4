import { Conflict, HTTPException, NotFound, ValidationError } from "../exceptions.ts";
import { post, Routes } from "../http/index.ts";
import type { PluginInfo, Target } from "../lifecycle/index.ts";
import { anyText, list, object, optional } from "../shape/index.ts";
import type { Out } from "../validation/index.ts";
import { changePlugin, lifecycle } from "./plugin-change.ts";
import { refusing, stillWatched } from "./plugin-refusal.ts";
import {
  FinalizePlugin,
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
    ({ name, body }) =>
      refusing(() => {
        const { settings, unset } = body;
        return lifecycle().plan(name, targetOf(body), { settings, unset });
      }),
  );

  /**
   * Upgrade a plugin.
   *
   * The new version starts beside the one that runs, and takes over when it is well. For a while it is
   * watched; when it is worse than the one before, that one comes back by itself. What it is set to beside
   * what it was set to before is taken back with it.
   */
  upgrade = post(
    "/{name}/upgrade",
    { body: UpgradePlugin, response: PluginShape, responses: fetching },
    async ({ name, body }) => {
      const {
        allow_breaking: allowBreaking,
        version,
        spec,
        settings,
        unset,
        wait,
        ...options
      } = body;
      const details = (done?: PluginInfo) => ({
        ...done?.last_upgrade,
        ...(done ? {} : { to: version ?? spec }),
        ...(allowBreaking && { allow_breaking: true }),
        ...(options.stop && { stop: true }),
        // Their values may be secret.
        ...(settings && { settings: Object.keys(settings) }),
        ...(unset && { unset }),
      });
      const change = { action: "plugin.upgraded", plugin: name, details };
      const done = await changePlugin(change, (life) =>
        life.upgrade(name, targetOf(body), { ...options, settings, unset, allowBreaking }),
      );
      if (!wait) return done;
      // What was done is recorded before: the app may end meanwhile.
      const judged = await refusing(() => lifecycle().verdict(name));
      if (judged.last_upgrade?.outcome === "watched") throw stillWatched(judged);
      return judged;
    },
  );

  /**
   * Take back the last change of a plugin: to the settings before, or else to the version before, with its settings.
   *
   * Tables keep what was added.
   */
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
   * Waits until the version before has ended. Answers with the migrations whose `contract` was run.
   */
  finalize = post(
    "/{name}/finalize",
    {
      body: optional(FinalizePlugin, { now: false }),
      response: object("PluginFinalized", { migrations: list(anyText()) }),
      responses,
    },
    ({ name, body }) =>
      changePlugin<{ migrations: string[] }>(
        { action: "plugin.finalized", plugin: name, details: (done) => ({ ...done }) },
        async (life) => ({ migrations: [...(await life.finalize(name, body))] }),
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
