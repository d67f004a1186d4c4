import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { z } from "zod";
import { type App, createApp } from "../app/index.ts";
import { secret } from "../config/index.ts";
import { get } from "../http/index.ts";
import { createLog } from "../log.ts";
import { currentScope } from "../scope.ts";
import { inject, Service } from "../services.ts";
import { Plugin, type PluginClass, type PluginSource } from "./index.ts";

let app: App | undefined;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});
afterEach(async () => {
  vi.useRealTimers();
  await app?.close();
  app = undefined;
});

test("a plugin knows its name, version, settings, log and age", async () => {
  let made: Notes | undefined;
  class Notes extends Plugin {
    static config = z.object({ apiKey: secret(z.string()), tries: z.int().default(3) });
    declare config: z.output<typeof Notes.config>;
    key: string;
    constructor() {
      super();
      this.key = this.config.apiKey;
      made = this;
    }
  }
  const manifest = { name: "the-notes", version: "1.2.3", plugins: {}, optional: false };
  const { lines } = await start([{ type: Notes, manifest }], {
    config: { "the-notes": { apiKey: "from file" } },
    env: { NEXUS_THE_NOTES__TRIES: "5" },
  });
  expect(made).toMatchObject({
    name: "the-notes",
    version: "1.2.3",
    key: "from file",
    config: { apiKey: "from file", tries: 5 },
  });
  expect(Object.isFrozen(made!.config)).toBe(true);
  made!.log.info("hello");
  expect(lines.at(-1)).toMatchObject({ plugin: "the-notes", msg: "hello" });
  const before = made!.uptime();
  vi.advanceTimersByTime(1500);
  expect(made!.uptime() - before).toBeCloseTo(1.5, 2);
});

test("a plugin without settings has empty ones", async () => {
  let config: unknown;
  class Bare extends Plugin {
    start = () => void (config = this.config);
  }
  await start([Bare]);
  expect(config).toEqual({});
});

test("a plugin is made by the platform, not by hand", async () => {
  class Hand extends Plugin {}
  expect(() => new Hand()).toThrow(
    "new Hand() was called by hand. Give the class: createApp({ plugins: [Hand] }) makes its instance.",
  );
});

test("at its end the signal fires first, then what was deferred is undone, newest first", async () => {
  const order: string[] = [];
  class Store extends Service {
    override stop = () => void order.push("service");
  }
  class Notes extends Plugin {
    static services = [Store];
    store = inject(Store);
    early = this.defer(() => order.push("deferred when made"));
    start(): void {
      this.signal.addEventListener("abort", () => order.push("signal"));
      this.defer(() => order.push("first"));
      this.defer(async () => {
        await Promise.resolve();
        order.push("second");
      });
    }
    stop(): void {
      order.push(`stop in ${currentScope("stop").name}`);
    }
  }
  await start([Notes]);
  await app!.close();
  expect(order).toEqual([
    "signal",
    "second",
    "first",
    "stop in notes",
    "service",
    "deferred when made",
  ]);
});

test("what is undone, and a service that stops, run in the plugin's scope", async () => {
  const scopes: string[] = [];
  const note = () => void scopes.push(currentScope("stop").name);
  class Store extends Service {
    override stop = note;
  }
  class Notes extends Plugin {
    static services = [Store];
    start = () => this.defer(note);
  }
  await start([Notes]);
  await app!.close();
  expect(scopes).toEqual(["notes", "notes"]);
});

test("an undo that fails is logged, and the others still run", async () => {
  let undone = false;
  class Notes extends Plugin {
    start(): void {
      this.defer(() => (undone = true));
      this.defer(() => Promise.reject(new Error("stuck")));
    }
  }
  const { lines } = await start([Notes]);
  await app!.close();
  expect(undone).toBe(true);
  expect(lines).toContainEqual(
    expect.objectContaining({ plugin: "notes", msg: "A plugin did not stop cleanly" }),
  );
});

test("repeated work runs again and again in the plugin's scope, until it is ended", async () => {
  const runs: string[] = [];
  let end: (() => void) | undefined;
  class Clock extends Plugin {
    start(): void {
      end = this.every(1000, () => runs.push(currentScope("every").name));
    }
  }
  await start([Clock]);
  expect(runs).toEqual([]);
  await vi.advanceTimersByTimeAsync(3500);
  expect(runs).toEqual(["clock", "clock", "clock"]);
  end?.();
  await vi.advanceTimersByTimeAsync(3000);
  expect(runs).toHaveLength(3);
});

test("repeated work that fails is logged, and goes on", async () => {
  let runs = 0;
  class Clock extends Plugin {
    start(): void {
      this.every(10, () => {
        if (++runs === 1) throw new Error("no time");
      });
    }
  }
  const { lines } = await start([Clock]);
  await vi.advanceTimersByTimeAsync(25);
  expect(runs).toBe(2);
  expect(lines).toContainEqual(
    expect.objectContaining({
      plugin: "clock",
      msg: "Repeated work failed",
      err: expect.objectContaining({ message: "no time" }),
    }),
  );
});

test("repeated work that takes longer than its pause never runs twice at once", async () => {
  let [running, most, runs] = [0, 0, 0];
  class Clock extends Plugin {
    start(): void {
      this.every(10, async () => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, 35));
        running--;
        runs++;
      });
    }
  }
  await start([Clock]);
  await vi.advanceTimersByTimeAsync(95);
  expect([most, runs]).toEqual([1, 2]);
});

test("repeated work ends with the plugin, which waits for a run that has begun", async () => {
  const order: string[] = [];
  class Clock extends Plugin {
    start(): void {
      this.every(10, async () => {
        order.push("begun");
        await new Promise((resolve) => this.signal.addEventListener("abort", resolve));
        order.push("done");
      });
    }
    stop(): void {
      order.push("stopped");
      this.every(10, () => order.push("never"));
    }
  }
  await start([Clock]);
  await vi.advanceTimersByTimeAsync(15);
  await app!.close();
  await vi.advanceTimersByTimeAsync(100);
  expect(order).toEqual(["begun", "done", "stopped"]);
  expect(vi.getTimerCount()).toBe(0);
});

test("a pause that no timer can make is refused", async () => {
  class Yearly extends Plugin {
    start = () => void this.every(365 * 24 * 3600 * 1000, () => {});
  }
  await expect(start([Yearly])).rejects.toThrow(/every\(31536000000, …\) cannot be done\. Give/);
});

test("routes may be called whatever a plugin does not inherit", async () => {
  class Odd extends Plugin {
    routes = get("/routes", () => "routes");
    scope = get("/scope", () => "scope");
    services = get("/services", () => "services");
  }
  await start([Odd]);
  const answers = ["routes", "scope", "services"].map(async (name) => {
    const response = await app!.fetch(new Request(`http://test/${name}`));
    return response.json();
  });
  expect(await Promise.all(answers)).toEqual(["routes", "scope", "services"]);
});

async function start(
  plugins: (PluginClass | PluginSource)[],
  options: Pick<Parameters<typeof createApp>[0] & object, "config" | "env"> = {},
) {
  const lines: object[] = [];
  const log = createLog({ destination: { write: (line) => lines.push(JSON.parse(line)) } });
  app = await createApp({ plugins, docs: false, env: {}, log, ...options });
  return { lines };
}
