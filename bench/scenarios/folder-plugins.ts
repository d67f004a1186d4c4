import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "../peers.ts";
import { type Server, type StartOptions, startServer } from "../process.ts";
import { byTurns, type Row, type ScenarioResult } from "./scenario.ts";
import { node, peerFile, withFolder } from "./servers.ts";

const count = 50;

/** How long `nexus start` takes with so many plugins in folders, without and with a compile cache. */
export function folderPlugins(): Promise<ScenarioResult> {
  return withFolder(async (folder) => {
    await writeApp(folder);
    const nexus = [node, join(root, "dist/cli/main.js"), "start"];
    const peers = [
      { name: "raw", command: [node, peerFile("raw")], path: "/hello" },
      { name: "nexus", command: nexus, path: "/plugin-1/hello" },
    ];
    const start = ({ name, command, path }: (typeof peers)[number], options: StartOptions) =>
      startServer(
        { name, command, env: { NEXUS_LOG: "warn" }, packages: [] },
        { cwd: folder, path, ...options },
      );
    const rows: Row[] = [];
    for (const compileCache of [false, true]) {
      const cpu: Record<string, number> = {};
      const timeOf = async (peer: (typeof peers)[number]): Promise<number> => {
        const server = await start(peer, { compileCache });
        cpu[peer.name] = Math.min(cpu[peer.name] ?? Infinity, server.cpu());
        if (peer.name === "nexus") await checkAll(server);
        await server.stop();
        return server.started;
      };
      // The first start writes the cache, and the tables of the platform.
      await byTurns(peers, 1, timeOf);
      const values = await byTurns(peers, 5, timeOf);
      const how = compileCache ? "with a compile cache" : "without a compile cache";
      rows.push({ name: `first 200 ${how}`, unit: "ms", better: "less", values });
      rows.push({ name: `the same`, unit: "CPU ms", better: "less", values: cpu });
    }
    return {
      name: "start-50",
      title: `\`nexus start\` with ${count} plugins in folders, and accounts`,
      rows,
      notes: ["`raw` is one file that has no plugins."],
    };
  });
}

/** An app as an author has it: a package.json and an index.ts a plugin, with two routes. */
async function writeApp(folder: string): Promise<void> {
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  for (let n = 1; n <= count; n++) {
    const plugin = join(folder, "plugins", `plugin-${n}`);
    await mkdir(plugin, { recursive: true });
    const about = {
      name: `plugin-${n}`,
      version: "1.0.0",
      type: "module",
      nexus: { entry: "index.ts" },
    };
    await writeFile(join(plugin, "package.json"), JSON.stringify(about));
    await writeFile(join(plugin, "index.ts"), source(n));
  }
}

const source = (n: number): string => `import { get, Plugin, post } from "nexus-platform";
import { z } from "zod";

const Note = z.object({ title: z.string().min(1), text: z.string() });

export default class Plugin${n} extends Plugin {
  static override readonly prefix = "/plugin-${n}";

  hello = get("/hello", () => ({ message: "Hello" }));
  add = post("/notes", { body: Note, response: Note, status: 201 }, ({ body }) => body);
}
`;

/** @throws where one of them does not answer */
async function checkAll({ url }: Server): Promise<void> {
  for (let n = 1; n <= count; n++) {
    const { status } = await fetch(`${url}/plugin-${n}/hello`);
    if (status !== 200) throw new Error(`Plugin ${n} answers with ${status}`);
  }
}
