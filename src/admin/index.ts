export { AdminPlugin } from "./plugin.ts";
