import type { Workload } from "../workloads.ts";
import { ask } from "./asking.ts";
import { type Item, items } from "./peers/work.ts";
import type { Row, ScenarioResult } from "./scenario.ts";
import { names, withServers } from "./servers.ts";

/** Items that make about so many bytes of JSON. */
const sizes = { "10 KB": 85, "1 MB": 8000 } as const;

/** What large bodies cost: validated when they come, filtered by a schema when they leave. */
export function jsonBodies(): Promise<ScenarioResult> {
  return withServers(names, {}, async (servers) => {
    const rows: Row[] = [];
    for (const [size, count] of Object.entries(sizes)) {
      for (const workload of [take(count), give(count)]) {
        for (const { url, name } of servers) await check(url, workload, count, name);
        const options = { times: 3, connections: 16 };
        const { rate, cpu } = await ask(`${size} ${workload.title}`, servers, workload, options);
        rows.push(rate, cpu);
      }
    }
    return {
      name: "json-bodies",
      title: "large JSON bodies, 16 connections",
      rows,
      notes: ["`raw` checks and filters by hand-written code."],
    };
  });
}

function take(count: number): Workload {
  return {
    name: `in-${count}`,
    title: "in, validated",
    method: "POST",
    path: "/items",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(items.slice(0, count)),
  };
}

function give(count: number): Workload {
  const path = `/items?count=${count}`;
  return { name: `out-${count}`, title: "out, filtered", method: "GET", path, headers: {} };
}

/** @throws where somebody does other work than the others */
async function check(url: string, workload: Workload, count: number, who: string): Promise<void> {
  const { method, path, headers, body } = workload;
  const send = (body?: string): Promise<Response> =>
    fetch(url + path, { method, headers, ...(body !== undefined && { body }) });
  const answer: unknown = await (await send(body)).json();
  const wanted = method === "GET" ? items.slice(0, count).map(shown) : { count };
  if (JSON.stringify(answer) !== JSON.stringify(wanted)) throw new Error(`${who}: another answer`);
  if (body === undefined) return;
  const { status } = await send(body.replace('"active":true', '"active":"perhaps"'));
  if (status !== 400 && status !== 422) throw new Error(`${who} takes what is wrong: ${status}`);
}

function shown({ id, name, email, active, score, tags }: Item): Item {
  return { id, name, email, active, score, tags };
}
