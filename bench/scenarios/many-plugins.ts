import { execFileSync } from "node:child_process";
import { cores } from "../cores.ts";
import { ask, hello } from "./asking.ts";
import type { Row, ScenarioResult } from "./scenario.ts";
import { byName, type Named, node, peerFile, withServers } from "./servers.ts";

const count = 1000;
const peers = ["fastify", "nexus", "nexus-direct"] as const;
const alone = "alone";
const among = `${count} plugins`;
const env = { BENCH_PLUGINS: String(count) };

/** What so many plugins of ten routes cost: at the start, in memory, and each request. */
export function manyPlugins(): Promise<ScenarioResult> {
  return withServers(peers, {}, (few) =>
    withServers(peers, env, async (many) => {
      const held = [...holdings(alone, few), ...holdings(among, many)];
      const marked = many.map((server) => ({ ...server, name: `${server.name}, ${among}` }));
      const { rate, cpu } = await ask("hello", [...few, ...marked], hello);
      return {
        name: "plugins-1000",
        title: `${count} plugins of 10 routes`,
        rows: [
          ...held,
          { name: "a match", unit: "ns", better: "less", values: matchTimes() },
          ...[rate, cpu].flatMap(apart),
        ],
        notes: [
          "Of Fastify a plugin is a `register` with a prefix, and a match is find-my-way's. Nexus serves documentation of all routes.",
        ],
      };
    }),
  );
}

function holdings(which: string, servers: readonly Named[]): Row[] {
  const started = byName(servers, (server) => server.started);
  const cpu = byName(servers, (server) => server.cpu());
  const memory = byName(servers, (server) => server.memory());
  return [
    { name: `start to the first 200, ${which}`, unit: "ms", better: "less", values: started },
    { name: `start, ${which}`, unit: "CPU ms", better: "less", values: cpu },
    { name: `RSS, ${which}`, unit: "MiB", better: "less", values: memory },
  ];
}

/** One row for the servers without the plugins, and one for those with them. */
function apart(row: Row): Row[] {
  const values = (mark: string): Row["values"] =>
    Object.fromEntries(peers.map((peer) => [peer, row.values[peer + mark]!]));
  return [
    { ...row, name: `${row.name}, ${alone}`, values: values("") },
    { ...row, name: `${row.name}, ${among}`, values: values(`, ${among}`) },
  ];
}

/** In a process that does nothing else. */
function matchTimes(): Record<string, number> {
  const output = execFileSync("taskset", ["-c", cores().server, node, peerFile("matching")], {
    env: { ...process.env, ...env, NEXUS_LOG: "warn" },
    encoding: "utf8",
  });
  return JSON.parse(output) as Record<string, number>;
}
