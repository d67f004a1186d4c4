import { expect, test } from "vitest";
import { endOf, startPlugin } from "../../test/tasks.ts";
import { createLog } from "../log.ts";
import { Plugin } from "../plugin/index.ts";
import { createTask, task } from "./index.ts";

test("a percentage in place of a fraction is a warning, once", async () => {
  const lines: string[] = [];
  const log = createLog({ destination: { write: (line) => lines.push(line) } });
  class Percent extends Plugin {
    work = task({}, ({ progress }) => {
      progress(50);
      progress(60);
    });
  }
  const { client, plugin } = await startPlugin(Percent, { log });
  await endOf(client.app, await client.app.run(() => createTask(plugin.work)));
  const warnings = lines.map((line) => JSON.parse(line)).filter(({ level }) => level === 40);
  expect(warnings).toMatchObject([{ fraction: 50, msg: expect.stringContaining("a fraction") }]);
  await client[Symbol.asyncDispose]();
});
