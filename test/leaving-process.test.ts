import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, expect, test } from "vitest";
import { cleanUp, defer, exchange } from "./sockets.ts";

afterEach(cleanUp);

const root = resolve(import.meta.dirname, "..");

/** An app in a process of its own, whose handler ends that in a way of its own. */
async function serve(end: string): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "nexus-leaving-"));
  defer(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, "app.mjs");
  const source = pathToFileURL(join(root, "src/index.ts"));
  await writeFile(
    file,
    `import { createApp, get, Plugin } from ${JSON.stringify(source.href)};
class Ends extends Plugin {
  end = get("/end", () => { ${end}; return "bye"; });
}
const app = await createApp({ plugins: [Ends], docs: false });
console.log((await app.listen({ port: 0 })).port);
`,
  );
  const node = join(root, "node_modules/.bin/node");
  const child = spawn(node, ["--conditions=source", file], {
    stdio: ["ignore", "pipe", "ignore"],
    cwd: root,
  });
  defer(() => child.kill("SIGKILL"));
  const [port] = (await once(child.stdout, "data")) as [Buffer];
  return Number(String(port));
}

test.each([
  "process.nextTick(() => process.exit())",
  "queueMicrotask(() => process.exit())",
  "setImmediate(() => process.exit())",
  'setImmediate(() => { throw new Error("uncaught"); })',
])("an answer leaves, though its handler has ended the process: %s", async (end) => {
  const port = await serve(end);
  expect(await exchange(port, "GET /end HTTP/1.1\r\nHost: a\r\n\r\n")).toMatchObject({
    status: 200,
    body: '"bye"',
  });
});
