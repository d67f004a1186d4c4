import { parseArgs } from "node:util";
import { serveKinds } from "../test/transports/app.ts";
import { compare } from "../test/transports/difference.ts";
import { transports } from "../test/transports/transports.ts";
import { cleanUp } from "../test/sockets.ts";

/**
 * `npm run torture:http -- --mutations 10000`: sends requests with random bytes changed to a server of
 * each transport, and shows where one answers them in another way. `--seed 7 --from 1234 --mutations 1`
 * sends one of them again.
 */

const { values } = parseArgs({
  options: {
    mutations: { type: "string", default: "10000" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    from: { type: "string", default: "0" },
  },
});
const [count, seed, from] = [numberOf("mutations"), numberOf("seed"), numberOf("from")];
console.log(`seed ${seed}`);
// Where there is no other one, the first is compared with itself.
const pair = [transports[0], transports.at(-1)!];
const servers = await Promise.all(pair.map((transport) => serveKinds({ transport })));
const begun = performance.now();
const ports = servers.map(({ port }) => port);
const { differences, statuses } = await compare({ ports, seed, count, from });
const seconds = (performance.now() - begun) / 1000;
await cleanUp();

for (const [codes, times] of [...statuses].toSorted(([, a], [, b]) => b - a))
  console.log(`${String(times).padStart(6)} × ${codes || "no answer"}`);
for (const { number, bytes, outcomes } of differences.slice(0, 20)) {
  console.log(`\n--seed ${seed} --from ${number} --mutations 1\n${JSON.stringify(bytes)}`);
  for (const [at, outcome] of outcomes.entries())
    console.log(`${pair[at]} ${at + 1}: ${JSON.stringify(outcome)}`);
}
console.log(
  `${count} mutations to ${pair.join(" and ")} in ${seconds.toFixed(1)} s, ${differences.length} differences`,
);
process.exitCode = differences.length ? 1 : 0;

function numberOf(name: keyof typeof values): number {
  if (!/^\d+$/.test(values[name])) throw new Error(`--${name} is no number: ${values[name]}`);
  return Number(values[name]);
}
