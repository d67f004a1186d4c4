export { App, type ListenOptions, version } from "./app.ts";
export { createApp } from "./create.ts";
export { type AppOptions, defineConfig, type NexusConfig } from "./options.ts";
