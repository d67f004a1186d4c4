import { parseArgs } from "node:util";
import { tortureSwap } from "../test/torture/swap.ts";
const { values } = parseArgs({ options: { cycles: { type: "string", default: "100" }, broken: { type: "string", default: "100" }, seed: { type: "string", default: "1" } } });
const r = await tortureSwap({ cycles: +values.cycles, broken: +values.broken, seed: +values.seed, log: console.log });
const { times, ...rest } = r;
console.log({...rest, failed: r.failed.slice(0, 20), mixed: r.mixed.slice(0, 20), nf: r.failed.length});
const at = (t: readonly number[], p: number) => t[Math.floor(t.length * p)] ?? 0;
for (const [k, t] of Object.entries(times)) console.log(k, t.swaps.length, t.calm.length, "p50", at(t.swaps,.5).toFixed(1), at(t.calm,.5).toFixed(1), "p99", at(t.swaps,.99).toFixed(1), at(t.calm,.99).toFixed(1), (at(t.swaps,.99)/at(t.calm,.99)).toFixed(2));
