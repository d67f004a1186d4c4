export { TestResponse } from "./answer.ts";
export type { Asking } from "./asking.ts";
export { TestClient, type TestOptions, type TestUser } from "./client.ts";
export type { TestContent, TestFile } from "./multipart.ts";
export { pluginNamed } from "./plugin-named.ts";
