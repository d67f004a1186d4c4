import { ask, hello } from "./asking.ts";
import { flood, type FloodReport } from "./flood.ts";
import type { Row, ScenarioResult } from "./scenario.ts";
import { byName, type Named, names, withServers } from "./servers.ts";

/** How many ask at a time, each as soon as it is answered. */
const crowds = [64, 512, 2048] as const;
/** How often more is asked than can be answered. */
const times = 2;
const seconds = 3;

/** What happens to servers of which more is asked than they can give. */
export function overload(): Promise<ScenarioResult> {
  return withServers(names, {}, async (servers) => {
    const idle = byName(servers, (server) => server.memory());
    const rates: Row[] = [];
    const p99s: Row[] = [];
    const crowded = await mostOf(servers, async () => {
      for (const connections of crowds) {
        const options = { connections, seconds: 2, times: 3 };
        const { rate, p99 } = await ask(`${connections} at a time`, servers, hello, options);
        rates.push(rate);
        p99s.push(p99);
      }
    });
    const best = byName(servers, ({ name }) => Math.max(...rates.map((row) => row.values[name]!)));
    const floods: Record<string, FloodReport> = {};
    const flooded = await mostOf(servers, async () => {
      for (const server of servers) floods[server.name] = await floodOf(server, best[server.name]!);
    });
    const { rate: after } = await ask("64 at a time afterwards", servers, hello, { times: 3 });
    const sent = `${times} times its best sent`;
    const part = byName(servers, ({ name }) => (100 * floods[name]!.perSecond) / best[name]!);
    const behind = byName(servers, ({ name }) => floods[name]!.behind);
    const wrong = byName(servers, ({ name }) => floods[name]!.wrong);
    return {
      name: "overload",
      title: "hello, more often than it can be answered",
      rows: [
        ...rates,
        ...p99s,
        { name: `${sent}: right answers`, unit: "% of its best", values: part },
        { name: `${sent}: wrong answers, or none`, unit: "", values: wrong },
        { name: `${sent}: until the last is answered`, unit: "s", better: "less", values: behind },
        after,
        { name: "RSS before", unit: "MiB", better: "less", values: idle },
        { name: "RSS, the most at 2048 at a time", unit: "MiB", better: "less", values: crowded },
        { name: `RSS, the most at ${sent}`, unit: "MiB", better: "less", values: flooded },
      ],
      notes: [
        `${sent} is at a constant rate over 1000 connections, whether what was sent before is answered or not.`,
      ],
    };
  });
}

async function floodOf({ url }: Named, best: number): Promise<FloodReport> {
  const body = await (await fetch(`${url}/hello`)).text();
  const request = "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n";
  const port = Number(new URL(url).port);
  return flood({ port, request, body, rate: times * best, connections: 1000, seconds });
}

/** @returns the most memory that each has while something is done, in MiB */
async function mostOf(
  servers: readonly Named[],
  work: () => Promise<void>,
): Promise<Record<string, number>> {
  const most = byName(servers, (server) => server.memory());
  const look = (): void => {
    for (const server of servers) most[server.name] = Math.max(most[server.name]!, server.memory());
  };
  const timer = setInterval(look, 100);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  return most;
}
