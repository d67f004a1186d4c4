import { parseArgs } from "node:util";
import { megabytes, soak } from "../test/torture/soak.ts";

/**
 * `npm run soak -- --minutes 30`: a server at full load, whose memory has to stay flat. NEXUS_TRANSPORT
 * chooses the transport.
 */

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "30" },
    connections: { type: "string", default: "64" },
  },
});
const minutes = numberOf("minutes");
const log = console.log;
const { requests, failed, heap, rss, before, after, grown } = await soak({
  seconds: minutes * 60,
  every: 10,
  connections: numberOf("connections"),
  log,
});
for (const one of failed.slice(0, 20)) log(`Failed: ${one}`);
for (const one of grown) log(`Grown: ${one}`);
log(
  `${minutes} minutes, ${requests} requests, ${failed.length} failed, ` +
    `heap ${megabytes(heap.first)} -> ${megabytes(heap.last)} MB, ` +
    `rss ${megabytes(rss.first)} -> ${megabytes(rss.last)} MB, ` +
    `handles ${handlesOf(before.resources)} -> ${handlesOf(after.resources)}`,
);
process.exitCode = failed.length || grown.length ? 1 : 0;

function numberOf(name: "minutes" | "connections"): number {
  const number = Number(values[name]);
  if (!(number > 0)) throw new Error(`--${name} is no number above zero: ${values[name]}`);
  return number;
}

function handlesOf(resources: Readonly<Record<string, number>>): number {
  return Object.values(resources).reduce((sum, count) => sum + count, 0);
}
