import { expect, test } from "vitest";
import { currentScope, findScope, key, Scope } from "./scope.ts";

const color = key<string>("color");

test("a scope finds what it provides, else what its parents do", () => {
  const app = new Scope("app", "app");
  const plugin = app.child("plugin", "shop");
  app.provide(color, "red");
  expect([plugin.find(color), plugin.has(color), app.has(color)]).toEqual(["red", false, true]);
  plugin.provide(color, "blue");
  expect([plugin.get(color), app.get(color)]).toEqual(["blue", "red"]);
  expect(app.find(key("unknown"))).toBeUndefined();
});

test("a scope knows keys by their name, so that a reloaded module finds the same", () => {
  const app = new Scope("app", "app");
  app.provide(color, "red");
  expect(app.get(key<string>("color"))).toBe("red");
});

test("a scope keeps falsy values too", () => {
  const app = new Scope("app", "app");
  const child = app.child("request", "");
  for (const value of [0, "", false, null]) {
    app.provide(key("a"), "parent");
    child.provide(key("a"), value);
    expect(child.get(key("a"))).toBe(value);
  }
});

test("a scope says what is missing, and where", () => {
  const plugin = new Scope("app", "app").child("plugin", "shop");
  expect(() => plugin.get(color)).toThrow('Nothing provides "color" in plugin "shop".');
  expect(() => plugin.root.get(color)).toThrow(
    expect.objectContaining({ code: "NX_NOT_PROVIDED" }),
  );
});

test("a scope takes back what it provided, unless something newer has its place", () => {
  const app = new Scope("app", "app");
  const undoRed = app.provide(color, "red");
  const undoBlue = app.provide(color, "blue");
  undoRed();
  expect(app.get(color)).toBe("blue");
  undoBlue();
  expect(app.find(color)).toBeUndefined();
});

test("a scope makes a lazy value once, when it is first asked for, and again where making failed", () => {
  const app = new Scope("app", "app");
  let made = 0;
  app.provideLazy(color, () => {
    if (++made === 1) throw new Error("no paint");
    return `color ${made}`;
  });
  expect(made).toBe(0);
  expect(() => app.get(color)).toThrow("no paint");
  expect([app.get(color), app.get(color)]).toEqual(["color 2", "color 2"]);
});

test("a scope can be moved under another one: a request belongs to its plugin", () => {
  const app = new Scope("app", "app");
  const plugin = app.child("plugin", "shop");
  const request = app.child("request", "");
  plugin.provide(color, "blue");
  expect(request.find(color)).toBeUndefined();
  request.moveTo(plugin);
  expect(request.get(color)).toBe("blue");
  expect([request.root, request.parent]).toEqual([app, plugin]);
});

test("a scope undoes the newest first when it ends, asynchronous things too", async () => {
  const scope = new Scope("plugin", "shop");
  const seen: string[] = [];
  scope.defer(() => seen.push("first"));
  scope.defer(async () => {
    await Promise.resolve();
    seen.push("second");
    scope.defer(() => seen.push("added while ending"));
  });
  expect(scope.isEmpty).toBe(false);
  await scope.dispose();
  expect(seen).toEqual(["second", "added while ending", "first"]);
  await scope.dispose();
  expect(seen).toHaveLength(3);
});

test("a scope undoes everything even where something fails, and tells all of it", async () => {
  const scope = new Scope("plugin", "shop");
  const seen: string[] = [];
  scope.defer(() => seen.push("first"));
  scope.defer(() => Promise.reject(new Error("b")));
  scope.defer(() => {
    throw new Error("a");
  });
  await expect(scope.dispose()).rejects.toMatchObject({
    message: 'Parts of plugin "shop" did not end cleanly.',
    errors: [{ message: "a" }, { message: "b" }],
  });
  expect(seen).toEqual(["first"]);
});

test("a scope with nothing to undo says so", () => {
  const scope = new Scope("request", "");
  scope.provide(color, "red");
  expect(scope.isEmpty).toBe(true);
});

test("a scope is the current one for all that runs in it, at any depth", async () => {
  const one = new Scope("app", "one");
  const two = new Scope("app", "two");
  expect(await Promise.all([one.run(deep), two.run(deep), one.run(() => two.run(deep))])).toEqual([
    "one",
    "two",
    "two",
  ]);
  expect(findScope()).toBeUndefined();
});

test("a scope is asked for by name of the caller, who hears of it outside of all scopes", () => {
  expect(() => currentScope("emit()")).toThrow("emit() was called outside every app and request.");
  expect(() => currentScope("emit()")).toThrow(expect.objectContaining({ code: "NX_NO_SCOPE" }));
  const app = new Scope("app", "app");
  expect(app.run(() => currentScope("emit()"))).toBe(app);
});

async function deep(): Promise<string | undefined> {
  await new Promise((resolve) => setImmediate(resolve));
  return findScope()?.name;
}

test("a scope is vacated when the last of its guests has left", async () => {
  const plugin = new Scope("app", "app").child("plugin", "shop");
  const [first, second] = [plugin.child("request", ""), plugin.child("request", "")];
  await plugin.vacated();
  for (const guest of [first, second]) guest.moveTo(plugin);
  let isVacant = false;
  const vacated = plugin.vacated().then(() => (isVacant = true));
  first.leave();
  first.leave();
  await Promise.resolve();
  expect([isVacant, [...plugin.guests], plugin.visits]).toEqual([false, [second], 2]);
  second.leave();
  await vacated;
  expect([...plugin.guests]).toEqual([]);
  expect(second.parent).toBe(plugin);
});

test("a scope names the nearest around it of a kind", () => {
  const app = new Scope("app", "app");
  const plugin = app.child("plugin", "shop");
  expect(plugin.child("request", "").nearest("plugin")).toBe(plugin);
  expect([plugin.nearest("plugin"), app.nearest("plugin")]).toEqual([plugin, undefined]);
});
