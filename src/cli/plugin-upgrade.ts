import { NexusError } from "../exceptions.ts";
import type { Plan } from "../lifecycle/index.ts";
import { absolute, type OutputOptions, pathOf, say, tell } from "./plugin.ts";
import { pairOf } from "./plugin-config.ts";
import { withPlugins } from "./plugin-control.ts";
import { planText } from "./plugin-plan-view.ts";
import { stateOf, type ToldPlugin } from "./plugin-view.ts";

export interface TargetOptions extends OutputOptions {
  readonly to?: string;
  /** `key=value` each. */
  readonly set: readonly string[];
  readonly unset: readonly string[];
}

export interface UpgradeOptions extends TargetOptions {
  readonly allowBreaking?: boolean;
  readonly stop?: boolean;
  readonly window?: number;
  readonly wait?: boolean;
}

export async function plan(
  name: string,
  spec: string | undefined,
  { to, json, ...given }: TargetOptions,
): Promise<void> {
  const target = { ...(await targetOf(spec, to)), ...settingsIn(given) };
  await withPlugins("plan", async ({ ask }) => {
    const found = await ask<Plan>("POST", `${pathOf(name)}/plan`, target);
    if (json) tell(found);
    else process.stdout.write(planText(found));
  });
}

/** The exit code is 1 where it was rolled back before this ended, and where who waited got no good verdict. */
export async function upgrade(
  name: string,
  spec: string | undefined,
  { to, json, allowBreaking, stop, window, wait, ...given }: UpgradeOptions,
): Promise<void> {
  const target = { ...(await targetOf(spec, to)), ...settingsIn(given) };
  const body = { ...target, allow_breaking: allowBreaking, stop, window, wait };
  await withPlugins("change", async ({ ask, isServer }) => {
    // Nobody asks an app that ends at once.
    const watched = isServer || wait ? body : { ...body, window: 0 };
    const begun = Date.now();
    const plugin = await ask<ToldPlugin>("POST", `${pathOf(name)}/upgrade`, watched);
    const { version, watched_until: until } = plugin;
    // Where it was there already, this is another one's.
    const last =
      Date.parse(plugin.last_upgrade?.at ?? "") >= begun ? plugin.last_upgrade : undefined;
    const isBack = last?.outcome === "rolled back";
    const why = last?.outcome === "kept" && wait ? last.reason : undefined;
    if (isBack || why !== undefined) process.exitCode = 1;
    if (json) tell(plugin);
    else if (isBack)
      say(
        `${name} was rolled back from ${last.from} to ${last.to}: ${last.reason}.${last.exported ? ` As ${last.from} has left them, its tables are in ${last.exported}.` : ""}`,
      );
    else if (why !== undefined)
      say(
        `${name} ${version} is ${stateOf(plugin)}, and is watched no more: ${why.replace(/\.$/, "")}.`,
      );
    else if (until) say(`${name} ${version} is ${stateOf(plugin)}, and watched until ${until}.`);
    else say(`${name} ${version} is ${stateOf(plugin)}.`);
  });
}

export async function rollback(
  name: string,
  { json, restore = false }: OutputOptions & { readonly restore?: boolean },
): Promise<void> {
  await withPlugins("change", async ({ ask }) => {
    const plugin = await ask<ToldPlugin>("POST", `${pathOf(name)}/rollback`, { restore });
    if (json) tell(plugin);
    else say(`${name} is back at ${plugin.version}: it is ${stateOf(plugin)}.`);
  });
}

export async function finalize(
  name: string,
  { json, now = false }: OutputOptions & { readonly now?: boolean },
): Promise<void> {
  await withPlugins("change", async ({ ask }) => {
    const done = await ask<{ migrations: string[] }>("POST", `${pathOf(name)}/finalize`, { now });
    const { migrations } = done;
    if (json) tell(done);
    else
      say(
        migrations.length
          ? `${name} is finalized: ${migrations.join(", ")}.`
          : `${name} is finalized: no migration was waiting for that.`,
      );
  });
}

function settingsIn({ set, unset }: Pick<TargetOptions, "set" | "unset">) {
  return {
    ...(set.length && { settings: Object.fromEntries(set.map(pairOf)) }),
    ...(unset.length && { unset }),
  };
}

async function targetOf(spec: string | undefined, version: string | undefined) {
  if (spec !== undefined && version === undefined) return { spec: await absolute(spec) };
  if (spec === undefined && version !== undefined) return { version };
  throw new NexusError("NX_PLUGIN_COMMAND", "An upgrade leads to one version.", {
    cure: "Say --to <version>, or a folder, a tarball or an npm package.",
  });
}
