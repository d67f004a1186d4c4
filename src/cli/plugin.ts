import { readPackageSpec } from "../lifecycle/package-spec.ts";
import { type Control, withPlugins } from "./plugin-control.ts";
import { detailsOf, rowsOf, stateOf, type ToldPlugin } from "./plugin-view.ts";

export interface OutputOptions {
  readonly json?: boolean;
}

export async function list({ json }: OutputOptions): Promise<void> {
  await withPlugins("look", async ({ ask }) => {
    const { plugins } = await ask<{ plugins: ToldPlugin[] }>("GET", "");
    if (json) tell(plugins);
    else process.stdout.write(rowsOf(plugins));
  });
}

export async function info(name: string, { json }: OutputOptions): Promise<void> {
  await withPlugins("look", async ({ ask }) => {
    const plugin = await ask<ToldPlugin>("GET", pathOf(name));
    if (json) tell(plugin);
    else process.stdout.write(detailsOf(plugin));
  });
}

export async function install(
  text: string,
  { enable, json }: OutputOptions & { readonly enable: boolean },
): Promise<void> {
  const spec = await absolute(text);
  await withPlugins("change", async ({ ask }) => {
    const plugin = await ask<ToldPlugin>("POST", "/install", { spec, enable });
    const { name, version, versions } = plugin;
    const others = versions.filter((other) => other !== version);
    if (json) tell(plugin);
    else if (!others.length) say(`Installed ${name} ${version}: it is ${stateOf(plugin)}.`);
    else
      say(
        `Installed. Of ${name}, ${version} is ${stateOf(plugin)}; ${others.join(", ")} can take its place: nexus plugin upgrade ${name} --to <version>.`,
      );
  });
}

export async function discover({ json }: OutputOptions): Promise<void> {
  await withPlugins("change", async ({ ask }) => {
    const { plugins } = await ask<{ plugins: ToldPlugin[] }>("POST", "/discover");
    if (json) tell(plugins);
    else if (plugins.length) process.stdout.write(rowsOf(plugins));
    else say("There is nothing new in the folder of plugins.");
  });
}

export async function enable(name: string, options: OutputOptions): Promise<void> {
  await change(name, "enable", undefined, options);
}

export async function disable(
  name: string,
  { cascade = false, ...options }: OutputOptions & { readonly cascade?: boolean },
): Promise<void> {
  await change(name, "disable", { cascade }, options);
}

export async function reload(name: string, options: OutputOptions): Promise<void> {
  await change(name, "reload", undefined, options);
}

/** As a part of a URL. */
export function pathOf(name: string): string {
  return `/${encodeURIComponent(name)}`;
}

/** A package as a server finds it, whichever folder it runs in. @throws NX_PACKAGE_SPEC */
export async function absolute(spec: string): Promise<string> {
  const found = await readPackageSpec(spec, process.cwd());
  return found.kind === "npm" ? spec : found.path;
}

export function tell(value: unknown): void {
  say(JSON.stringify(value, null, 2));
}

export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function change(
  name: string,
  action: string,
  body: object | undefined,
  { json }: OutputOptions,
): Promise<void> {
  await withPlugins("change", async ({ ask }: Control) => {
    const plugin = await ask<ToldPlugin>("POST", `${pathOf(name)}/${action}`, body);
    if (json) tell(plugin);
    else say(`${plugin.name} ${plugin.version} is ${stateOf(plugin)}.`);
  });
}
