import findMyWay, { type HTTPMethod } from "find-my-way";
import { createApp } from "nexus-platform";
import { tableKey } from "nexus-platform/plugin";
import { manyPlugins } from "./many-plugins.ts";
import { plugins, routes } from "./work.ts";

/** Writes the nanoseconds that finding a route takes, in this platform's table and in Fastify's router. */

const asked = Array.from({ length: 5000 }, (_, at) => {
  // Of all over the table, in no order that a cache could know.
  const n = ((at * 7919) % plugins) + 1;
  const [method, path] = routes[at % routes.length]!;
  return [
    method,
    `/plugin-${n}${path.replace("{id}", String(at)).replace("{part}", "left")}`,
  ] as const;
});

const app = await createApp({ plugins: manyPlugins(plugins) });
const table = app.scope.get(tableKey).current;

const others = findMyWay();
for (let n = 1; n <= plugins; n++)
  for (const [method, path] of routes)
    others.on(method, `/plugin-${n}${path.replaceAll("{", ":").replaceAll("}", "")}`, () => {});

const found = {
  nexus: timeOf((method, path) => table.match(method, path)?.entry !== undefined),
  fastify: timeOf((method, path) => others.find(method as HTTPMethod, path) !== null),
};
await app.close();
process.stdout.write(JSON.stringify(found));

/** The least of ten rounds: whatever else the machine does only adds. */
function timeOf(find: (method: string, path: string) => boolean): number {
  let least = Infinity;
  for (let round = 0; round < 10; round++) {
    const start = process.hrtime.bigint();
    for (let time = 0; time < 20; time++)
      for (const [method, path] of asked)
        if (!find(method, path)) throw new Error(`Nothing is found at ${method} ${path}`);
    const took = Number(process.hrtime.bigint() - start) / (20 * asked.length);
    least = Math.min(least, took);
  }
  return least;
}
