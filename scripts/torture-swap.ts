import { parseArgs } from "node:util";
import type { Times } from "../test/torture/load.ts";
import { tortureSwap } from "../test/torture/swap.ts";
import { tortureUpgrades } from "../test/torture/upgrade-kills.ts";

/**
 * `npm run torture:swap -- --cycles 1000`: changes a plugin of a server under load again and again, tries
 * versions that are broken, and kills servers in the middle of upgrades.
 */

const { values } = parseArgs({
  options: {
    cycles: { type: "string", default: "100" },
    broken: { type: "string", default: "100" },
    kills: { type: "string", default: "100" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
  },
});
const [cycles, broken, kills, seed] = [
  numberOf("cycles"),
  numberOf("broken"),
  numberOf("kills"),
  numberOf("seed"),
];
const log = console.log;
log(`seed ${seed}`);
const swap = await tortureSwap({ cycles, broken, seed, log });
const { swaps, requests, mixed, grown } = swap;
log(
  `${swap.refused} broken versions were refused; ${swap.outlived} answers outlived their version`,
);
for (const [kind, times] of Object.entries(swap.times)) log(`${kind}: ${describe(times)}`);
const upgrades = await tortureUpgrades({ kills, seed, log });
log(
  `${upgrades.kills} kills: then on the old version ${upgrades.on.old} times, on the new one ${upgrades.on.new}; ` +
    `${upgrades.cutShort} upgrades were cut short, ${upgrades.restored} with tables to put back`,
);
const failed = [...swap.failed, ...upgrades.faults];
tell("Failed", failed);
tell("Mixed", mixed);
tell("Grown", grown);
log(`${swaps} swaps, ${requests} requests, ${failed.length} failed, ${mixed.length} mixed`);
process.exitCode = failed.length || mixed.length || grown.length ? 1 : 0;

function numberOf(name: keyof typeof values): number {
  if (!/^\d+$/.test(values[name])) throw new Error(`--${name} is no number: ${values[name]}`);
  return Number(values[name]);
}

/** The first of them say enough. */
function tell(what: string, all: readonly string[]): void {
  for (const one of all.slice(0, 20)) log(`${what}: ${one}`);
}

function describe({ swaps, calm }: Times): string {
  const ratio = at(swaps, 0.99) / at(calm, 0.99);
  const both = (part: number) =>
    `${at(swaps, part).toFixed(1)} ms during swaps, ${at(calm, part).toFixed(1)} ms without`;
  return (
    `99 % within ${both(0.99)}: ${ratio.toFixed(2)} times; half of them within ${both(0.5)} ` +
    `(${swaps.length} and ${calm.length} answers)`
  );
}

function at(sorted: readonly number[], part: number): number {
  return sorted[Math.floor(sorted.length * part)] ?? NaN;
}
