import { get, Plugin } from "nexus-platform";

/** Has nothing to do with the greeter, and runs on whatever becomes of that. */
export default class Clock extends Plugin {
  /** For how many seconds it has run. */
  clock = get("/clock", () => ({ seconds: Math.round(this.uptime()) }));
}
