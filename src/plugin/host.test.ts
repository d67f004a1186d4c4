import { afterEach, expect, test } from "vitest";
import { closeApp, source, start } from "../../test/tolerant-app.ts";
import { eventsKey, on } from "../events/index.ts";
import { mount, Routes } from "../http/index.ts";
import { Service } from "../services.ts";
import { Plugin } from "./index.ts";

afterEach(closeApp);

test("plugins start in the order of their needs, and stop the other way round", async () => {
  const order: string[] = [];
  const plugin = (name: string) =>
    class extends Plugin {
      start = () => void order.push(`+${name}`);
      stop = () => void order.push(`-${name}`);
    };
  await start([
    source(plugin("c"), { name: "c", plugins: { a: "*", b: "*" } }),
    source(plugin("b"), { name: "b", plugins: { a: "^1.0.0" } }),
    source(plugin("z"), { name: "z" }),
    source(plugin("a"), { name: "a", version: "1.5.0" }),
  ]);
  await closeApp();
  expect(order).toEqual(["+a", "+b", "+c", "+z", "-z", "-c", "-b", "-a"]);
});

test("listeners are fields of plugins, services and mounted groups, until the plugin stops", async () => {
  const heard: string[] = [];
  class Store extends Service {
    heard = on("thing.done", () => void heard.push("service"));
  }
  class Group extends Routes {
    heard = on("thing.done", () => void heard.push("group"));
  }
  class Notes extends Plugin {
    static services = [Store];
    group = mount("/group", Group);
    heard = on("thing.*", () => void heard.push("plugin"));
  }
  const { app } = await start([Notes]);
  const tell = () => app.run(() => app.scope.get(eventsKey).publish("thing.done", {}));
  await tell();
  expect(heard.splice(0).toSorted()).toEqual(["group", "plugin", "service"]);
  await closeApp();
  await tell();
  expect(heard).toEqual([]);
});

test("the platform tells when a plugin has started and stopped", async () => {
  const heard: string[] = [];
  class Watch extends Plugin {
    heard = on(
      "plugin.*.*",
      ({ name, data }) => void heard.push(`${name} ${JSON.stringify(data)}`),
    );
  }
  class Notes extends Plugin {}
  class Bad extends Plugin {
    start = () => Promise.reject(new Error("no"));
  }
  await start([Watch, Notes, Bad]);
  await closeApp();
  expect(heard).toEqual([
    'plugin.watch.started {"plugin":"watch","version":"0.0.0"}',
    'plugin.notes.started {"plugin":"notes","version":"0.0.0"}',
    'plugin.notes.stopped {"plugin":"notes"}',
  ]);
});

test.each([
  [undefined, "createApp got nothing as a plugin"],
  [class Other extends Array {}, 'createApp got the class or function "Other" as a plugin'],
  ["notes", "createApp got a value of type string as a plugin"],
])("what is no plugin is refused in code: %s", async (given, message) => {
  await expect(start([given as never])).rejects.toThrow(message);
});
