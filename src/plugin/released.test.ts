import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, expect, test } from "vitest";
import { ask, closeApp, source, start } from "../../test/tolerant-app.ts";
import { get } from "../http/index.ts";
import { currentScope } from "../scope.ts";
import { findService, inject, Service } from "../services.ts";
import { Plugin } from "./index.ts";

afterEach(closeApp);

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

test("what was replaced is freed, however often, along with what needs it", async () => {
  const made = new Set<WeakRef<object>>();
  class Clock extends Service {
    mark = made.add(new WeakRef(this));
  }
  class Clocks extends Plugin {
    static override readonly services = [Clock];
    mark = made.add(new WeakRef(this));
    now = get("/now", () => 1);
  }
  class Diary extends Plugin {
    clock = inject(Clock);
    mark = made.add(new WeakRef(this));
  }
  const [clocks, diary] = [source(Clocks, { name: "clocks" }), source(Diary, { name: "diary" })];
  const { app } = await start([clocks, diary]);
  for (let round = 0; round < 20; round++) {
    const { drained } = await app.plugins.put([clocks]);
    await drained;
  }
  const living = () => {
    collect();
    return [...made].filter((one) => one.deref()).length;
  };
  // An event may still be on its way to those that were told last.
  await expect.poll(living).toBe(3);
});

test("who asks late for a service gets the newest, also of one that came along with it", async () => {
  class Clock extends Service {
    static readonly key = "clocks/Clock";
    isStopped = false;
    override stop() {
      this.isStopped = true;
    }
  }
  class Clocks extends Plugin {
    static override readonly services = [Clock];
  }
  class Diary extends Plugin {
    look = get("/look", () => findService(currentScope("look"), Clock).isStopped);
  }
  const [clocks, diary] = [source(Clocks, { name: "clocks" }), source(Diary, { name: "diary" })];
  const { app } = await start([clocks, diary]);
  // Neither needs the other yet.
  await app.plugins.put([clocks, diary]);
  const { plugins, drained } = await app.plugins.put([clocks]);
  await drained;
  expect(plugins).toEqual(["clocks"]);
  expect(await ask("/look")).toEqual([200, false]);
});
