import { symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { bench, root } from "../peers.ts";
import { type Server, startServer } from "../process.ts";
import { byTurns, type Row, type ScenarioResult } from "./scenario.ts";
import { node, withFolder } from "./servers.ts";

/** How long the smallest app takes to start from the package that is published, and the app of this repository. */
export function hello(): Promise<ScenarioResult> {
  return withFolder(async (folder) => {
    await symlink(join(bench, "node_modules"), join(folder, "node_modules"));
    for (const [name, source] of Object.entries(sources))
      await writeFile(join(folder, `${name}.mjs`), source);
    const start = ({ name, command, cwd = folder, path }: Starting): Promise<Server> => {
      const env = { NEXUS_LOG: "warn", NEXUS_DATA_DIR: join(folder, "data") };
      return startServer({ name, command, env, packages: [] }, { cwd, path });
    };
    const all: readonly Starting[] = [
      ...Object.keys(sources).map((name) => ({
        name,
        command: [node, join(folder, `${name}.mjs`)],
        path: "/hello",
      })),
      {
        name: "example app",
        command: [node, join(root, "dist/cli/main.js"), "start"],
        cwd: root,
        path: "/my-plugin/hello",
      },
    ];
    const cpu: Record<string, number> = {};
    const memory: Record<string, number> = {};
    const timeOf = async (one: Starting): Promise<number> => {
      const server = await start(one);
      cpu[one.name] = Math.min(cpu[one.name] ?? Infinity, server.cpu());
      memory[one.name] = Math.min(memory[one.name] ?? Infinity, server.memory());
      await server.stop();
      return server.started;
    };
    // The first start writes the compile cache, and tables.
    await byTurns(all, 1, timeOf);
    const values = await byTurns(all, 9, timeOf);
    const rows: readonly Row[] = [
      { name: "first 200, with a compile cache", unit: "ms", better: "less", values },
      { name: "the same", unit: "CPU ms", better: "less", values: cpu },
      { name: "RSS, idle", unit: "MiB", better: "less", values: memory },
    ];
    return {
      name: "start",
      title: "the start of a hello, and of the example app",
      rows,
      notes: [
        "One route in one file each. `example app` is `nexus start` in this repository: accounts, a database, tasks and two plugins in TypeScript.",
      ],
    };
  });
}

interface Starting {
  readonly name: string;
  readonly command: readonly string[];
  readonly cwd?: string;
  readonly path: string;
}

/** Written as the documentation of each begins. */
const sources = {
  raw: `import { createServer } from "node:http";

createServer((request, response) => {
  const isHello = request.method === "GET" && request.url === "/hello";
  const text = JSON.stringify(isHello ? { message: "Hello" } : { error: "Not found" });
  response.writeHead(isHello ? 200 : 404, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
  });
  response.end(text);
}).listen(Number(process.env.PORT), "127.0.0.1");
process.once("SIGTERM", () => process.exit());
`,
  fastify: `import Fastify from "fastify";

const app = Fastify();
app.get("/hello", () => ({ message: "Hello" }));
await app.listen({ port: Number(process.env.PORT), host: "127.0.0.1" });
process.once("SIGTERM", () => process.exit());
`,
  nexus: `import { createApp, get, Plugin } from "nexus-platform";

class Hello extends Plugin {
  hello = get("/hello", () => ({ message: "Hello" }));
}
const app = await createApp({ plugins: [Hello] });
await app.listen({ port: Number(process.env.PORT) });
process.once("SIGTERM", () => process.exit());
`,
};
