import { parseArgs } from "node:util";
import { stepAside } from "./cores.ts";
import { measureAll, writeReport } from "./full.ts";
import { missing, type Peer, peers } from "./peers.ts";
import { prepare } from "./prepare.ts";
import { endWithUs } from "./process.ts";
import { compare, reference, type Result } from "./ratios.ts";
import { table } from "./report.ts";
import { measure } from "./rounds.ts";
import { measureScenario, scenarios } from "./scenarios/index.ts";
import { describe } from "./scenarios/scenario.ts";
import { openServers } from "./servers.ts";
import { type Workload, workloads } from "./workloads.ts";

/** `npm run bench`: see README.md. */

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    only: { type: "string" },
    workloads: { type: "string" },
    scenario: { type: "string" },
    rounds: { type: "string" },
    slice: { type: "string" },
    "no-build": { type: "boolean", default: false },
  },
});

/** By workload and peer. */
type Results = Record<string, Readonly<Record<string, Result>>>;

const chosen = {
  peers: peersNamed(values.only ?? (values.quick ? "raw,nexus,nexus-direct,fastify" : undefined)),
  workloads: workloadsNamed(values.workloads),
  scenarios: scenariosNamed(values.scenario),
};
// Quick is within 50 seconds.
const usual = values.quick
  ? { rounds: 4, slice: 0.3, warm: 1.2 }
  : { rounds: 2, slice: 1.5, warm: 2.5 };
const rounds = {
  ...usual,
  rounds: numberOf("rounds"),
  slice: numberOf("slice"),
};

prepare({ build: !values["no-build"] });
endWithUs();
stepAside();
if (values.scenario !== undefined) await runScenarios();
else if (values.quick) await runQuick();
else await runFull();

async function runQuick(): Promise<void> {
  const servers = await openServers(chosen.peers);
  const results: Results = {};
  for (const workload of chosen.workloads) {
    results[workload.name] = compare(await measure(servers.all, workload, rounds));
    show(workload, results[workload.name]!);
  }
  await servers.stop();
  if (values.json) console.log(JSON.stringify(ratiosOf(results)));
}

async function runFull(): Promise<void> {
  const isAll = values.only === undefined && values.workloads === undefined;
  const report = await measureAll({
    ...chosen,
    ...rounds,
    starts: 5,
    processes: 3,
    scenarios: isAll ? chosen.scenarios : [],
  });
  for (const workload of chosen.workloads) show(workload, report.results[workload.name]!);
  for (const scenario of report.scenarios) console.error(describe(scenario));
  if (isAll) writeReport(report);
  if (values.json) console.log(JSON.stringify(ratiosOf(report.results)));
}

async function runScenarios(): Promise<void> {
  for (const name of chosen.scenarios) console.log(describe(await measureScenario(name)));
}

/** Where a program reads stdout, people read stderr. */
function show({ name, title }: Workload, results: Results[string]): void {
  const text = `${table(`${name} ${title}`, results)}\n`;
  if (values.json) console.error(text);
  else console.log(text);
}

function ratiosOf(results: Readonly<Results>): Record<string, Record<string, number>> {
  const ratios = Object.entries(results).map(([workload, one]) => [
    workload,
    Object.fromEntries(
      Object.entries(one).map(([name, { ratio }]) => [name, Number(ratio.toFixed(3))]),
    ),
  ]);
  return Object.fromEntries(ratios);
}

function numberOf(name: "rounds" | "slice"): number {
  const said = values[name];
  if (said === undefined) return usual[name];
  const number = Number(said);
  if (number > 0) return number;
  throw new Error(`--${name} is no number above 0: ${said}`);
}

function peersNamed(names: string | undefined): Peer[] {
  const all = named("peer", peers, names);
  // What they are compared with is always there.
  const wanted = peers.filter((peer) => peer.name === reference || all.includes(peer));
  return wanted.filter((peer) => {
    const reason = missing(peer);
    if (reason !== undefined) console.error(reason);
    return reason === undefined;
  });
}

function workloadsNamed(names: string | undefined): Workload[] {
  return named("workload", workloads, names);
}

function scenariosNamed(names: string | undefined): string[] {
  const all = Object.keys(scenarios).map((name) => ({ name }));
  return named("scenario", all, names).map(({ name }) => name);
}

function named<T extends { readonly name: string }>(
  what: string,
  all: readonly T[],
  names: string | undefined,
): T[] {
  if (names === undefined) return [...all];
  return names.split(",").map((name) => {
    const found = all.find((one) => one.name === name);
    if (found) return found;
    throw new Error(
      `No such ${what}: ${name}. There are ${all.map((one) => one.name).join(", ")}.`,
    );
  });
}
