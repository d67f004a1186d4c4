import { once } from "node:events";
import { get } from "nexus-platform";
import { Plugin } from "nexus-platform/plugin";
import { source } from "./tolerant-app.ts";

/** What requests of `/slow` wait for. */
export let gate: PromiseWithResolvers<void> = Promise.withResolvers();
/** For `afterEach`. */
export function newGate(): void {
  gate = Promise.withResolvers();
}

/** A version of a plugin "notes" that says which one it is. */
export function notes(version: string, more: object = {}) {
  class Notes extends Plugin {
    which = get("/notes", () => this.version);
    slow = get("/slow", async ({ signal }) => {
      await Promise.race([gate.promise, once(signal, "abort")]);
      return signal.aborted ? "given up" : this.version;
    });
    constructor() {
      super();
      Object.assign(this, more);
    }
  }
  return source(Notes, { name: "notes", version });
}
