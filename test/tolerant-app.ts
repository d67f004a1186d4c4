import { createApp, type App, type AppOptions } from "nexus-platform/app";
import { createLog } from "nexus-platform/log";
import type { Manifest, PluginClass, PluginSource } from "nexus-platform/plugin";

/** An app that goes on when plugins fail, with its log. */

let app: App | undefined;

/** For `afterEach`. */
export async function closeApp(): Promise<void> {
  await app?.close();
  app = undefined;
}

export async function start(plugins: (PluginClass | PluginSource)[], options: AppOptions = {}) {
  const lines: object[] = [];
  const log = createLog({ destination: { write: (line) => lines.push(JSON.parse(line)) } });
  app = await createApp({ plugins, docs: false, env: {}, log, tolerant: true, ...options });
  return { app, lines };
}

export function source(type: PluginClass, manifest: Partial<Manifest>): PluginSource {
  return {
    type,
    manifest: { name: "nameless", version: "1.0.0", plugins: {}, optional: false, ...manifest },
  };
}

export const failure = (name: string) =>
  app!.plugins.plugins.find((one) => one.name === name)?.failure;

export const states = () =>
  Object.fromEntries(app!.plugins.plugins.map(({ name, state }) => [name, state]));

export async function ask(path: string): Promise<[status: number, body: unknown]> {
  const response = await app!.fetch(new Request(`http://test${path}`));
  return [response.status, await response.json()];
}
