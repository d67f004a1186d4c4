import { parseArgs } from "node:util";
import { tortureTasks } from "../test/torture/tasks.ts";

/** `npm run torture:tasks -- --kills 1000`: kills a server at random moments, and counts what it lost. */

const { values } = parseArgs({
  options: { kills: { type: "string", default: "100" }, seed: { type: "string" } },
});
if (!/^[1-9]\d*$/.test(values.kills)) throw new Error(`--kills is no number: ${values.kills}`);
const seed = Number(values.seed ?? Date.now() % 1_000_000);
console.log(`seed ${seed}`);
const report = await tortureTasks({ kills: Number(values.kills), seed, log: console.log });
const { kills, tasks, lost, settledTwice, wentBack, interrupted, recoveries } = report;
for (const one of lost) console.log(`Lost: ${one}`);
if (wentBack) console.log(`${wentBack} changes of a task went back`);
const at = (part: number): string =>
  `${Math.round(recoveries[Math.floor(recoveries.length * part)] ?? 0)} ms`;
console.log(
  `${interrupted} runs were interrupted; ${recoveries.length} times all of them ran again or were ` +
    `settled before the next kill: ${at(0.5)} (median), ${at(0.99)} (99 %) after the start of the new process`,
);
console.log(`${kills} kills, ${tasks} tasks, ${lost.length} lost, ${settledTwice} settled twice`);
process.exitCode = lost.length || settledTwice || wentBack ? 1 : 0;
