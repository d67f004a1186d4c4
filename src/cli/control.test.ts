import { afterEach, expect, test } from "vitest";
import { closeApps, living } from "../../test/lifecycle.ts";
import { packed } from "../../test/plugin-admin.ts";
import { askHere } from "./control-here.ts";
import { toldBy } from "./plugin-control.ts";

afterEach(closeApps);

test("what is to be changed while the app ends is refused, and says so", async () => {
  const { app } = await living(undefined, { accounts: true });
  const ask = askHere(app);
  const spec = await packed();
  await toldBy(ask("POST", "/install", { spec }));
  const inFlight = toldBy(ask("POST", "/install", { spec: await packed({ name: "late" }) }));
  inFlight.catch(() => {});
  await app.close();
  const stopped = { code: "NX_PLUGIN_STOPPED", message: expect.stringContaining("about to end") };
  await expect(inFlight).rejects.toMatchObject(stopped);
  for (const [method, path, body] of [
    ["POST", "/notes/disable", {}],
    ["POST", "/notes/upgrade", { version: "1.0.0" }],
    ["PUT", "/notes/config", {}],
  ] as const) {
    const { status } = await ask(method, path, body);
    expect([path, status]).toEqual([path, 503]);
    await expect(toldBy(ask(method, path, body))).rejects.toMatchObject(stopped);
  }
});
