import { prettyFactory } from "pino-pretty";
import { NexusError } from "../exceptions.ts";
import { pathOf } from "./plugin.ts";
import { findServer, toldBy } from "./plugin-control.ts";

export interface LogsOptions {
  readonly lines: string;
  readonly json?: boolean;
}

/** Writes what a plugin logs, until the server ends or nobody reads any more. */
export async function logs(name: string, { lines, json }: LogsOptions): Promise<void> {
  if (!/^\d+$/.test(lines) || Number(lines) > 1000) {
    throw new NexusError("NX_PLUGIN_COMMAND", `--lines ${lines} is no number of lines.`, {
      cure: "Say 0 to 1000.",
    });
  }
  const ask = await findServer(process.cwd());
  if (!ask) {
    throw new NexusError("NX_CONTROL", "No server runs here, so nothing is logged.", {
      cure: "Start one with `nexus start`, or look where the log of the last one was kept.",
    });
  }
  const answer = await ask("GET", `${pathOf(name)}/logs?lines=${Number(lines)}`);
  if (answer.status >= 400) await toldBy(Promise.resolve(answer));
  const pretty = prettyFactory({ colorize: process.stdout.isTTY, ignore: "pid,hostname,plugin" });
  for await (const { event, data } of eventsIn(answer.body)) {
    if (event === "missed") process.stderr.write(`Some lines were missed: ${data}\n`);
    else process.stdout.write(json ? `${data}\n` : pretty(JSON.parse(data)));
  }
}

interface Heard {
  readonly event: string;
  readonly data: string;
}

/** Server-sent events as this platform writes these: of one line each. */
async function* eventsIn(body: AsyncIterable<Uint8Array>): AsyncGenerator<Heard> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true });
    const blocks = rest.split("\n\n");
    rest = blocks.pop()!;
    for (const block of blocks) {
      const event = /^event: (.*)$/m.exec(block)?.[1];
      const data = /^data: (.*)$/m.exec(block)?.[1];
      if (event !== undefined && data !== undefined) yield { event, data };
    }
  }
}
