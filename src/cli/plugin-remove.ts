import { createInterface } from "node:readline/promises";
import { NexusError } from "../exceptions.ts";
import type { DataFate } from "../lifecycle/index.ts";
import { type OutputOptions, pathOf, say, tell } from "./plugin.ts";
import { withPlugins } from "./plugin-control.ts";

export interface RemoveOptions extends OutputOptions {
  readonly data: DataFate;
  readonly yes?: boolean;
}

/** Uninstalls a plugin; before its tables are lost whoever sits at a terminal is asked. */
export async function remove(name: string, { data, yes, json }: RemoveOptions): Promise<void> {
  if (data === "drop" && !yes) await confirm(name);
  await withPlugins("change", async ({ ask }) => {
    const done = await ask<{ exported?: string }>("DELETE", `${pathOf(name)}?data=${data}`);
    if (json) tell(done);
    else if (done.exported) say(`Removed ${name}; its tables are in ${done.exported}.`);
    else if (data === "export") say(`Removed ${name}; it had no tables.`);
    else say(`Removed ${name}; its tables ${data === "drop" ? "are gone" : "are kept"}.`);
  });
}

/** @throws NX_PLUGIN_COMMAND unless its name is typed */
async function confirm(name: string): Promise<void> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new NexusError("NX_PLUGIN_COMMAND", `The tables of ${name} would be lost.`, {
      cure: "Say --yes, too; or --data export, which writes them into a file first.",
    });
  }
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  lines.on("SIGINT", () => process.exit(130));
  try {
    const said = await lines.question(`All that ${name} has stored will be lost. Type its name: `);
    if (said.trim() === name) return;
  } finally {
    lines.close();
  }
  throw new NexusError("NX_PLUGIN_COMMAND", "That is not its name: nothing was removed.");
}
