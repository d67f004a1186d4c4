import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { BackgroundTasks } from "../background.ts";
import { get } from "../http/index.ts";
import { createLog } from "../log.ts";
import { Plugin, type PluginClass } from "../plugin/index.ts";
import { type App, createApp } from "./index.ts";

let app: App;
afterEach(() => app?.close(0));

test("closing twice is closing once", async () => {
  let stopped = 0;
  class Notes extends Plugin {
    stop = () => void stopped++;
  }
  await start([Notes]);
  const first = app.close();
  expect(app.close()).toBe(first);
  await first;
  await app[Symbol.asyncDispose]();
  expect(stopped).toBe(1);
});

test("closing waits for what runs and for the work behind it", async () => {
  const order: string[] = [];
  class Notes extends Plugin {
    slow = get("/slow", { use: { background: BackgroundTasks } }, async ({ background }) => {
      background.add(async () => {
        await sleep(30);
        order.push("background");
      });
      await sleep(30);
      order.push("answered");
      return null;
    });
    stop = () => void order.push("stopped");
  }
  await start([Notes]);
  const answer = app.fetch(new Request("http://test/slow"));
  await app.close();
  expect((await answer).status).toBe(200);
  expect(order).toEqual(["answered", "background", "stopped"]);
});

test("closing gives up what does not end by the deadline, once", async () => {
  class Stuck extends Plugin {
    stuck = get("/stuck", () => new Promise<never>(() => {}));
  }
  await start([Stuck]);
  const { url } = await app.listen({ port: 0 });
  const cut = fetch(`${url}/stuck`).catch(() => "cut");
  await sleep(50);
  const begun = performance.now();
  await app.close(1.2);
  expect(performance.now() - begun).toBeLessThan(2000);
  expect(await cut).toBe("cut");
});

test("closing without a deadline waits for as long as it takes", async () => {
  let begun = Promise.withResolvers<void>();
  class Slow extends Plugin {
    slow = get("/slow", async ({ request }) => {
      begun.resolve();
      await sleep(100);
      return request.signal.aborted;
    });
  }
  for (const deadline of [Infinity, 1e9]) {
    begun = Promise.withResolvers();
    await start([Slow]);
    const { url } = await app.listen({ port: 0 });
    const answer = fetch(`${url}/slow`).then((response) => response.json());
    await begun.promise;
    await app.close(deadline);
    expect(await answer).toBe(false);
  }
});

async function start(plugins: PluginClass[]): Promise<void> {
  const log = createLog({ destination: { write: () => {} } });
  app = await createApp({ plugins, docs: false, env: {}, log });
}
