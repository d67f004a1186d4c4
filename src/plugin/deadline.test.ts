import { expect, test } from "vitest";
import { within } from "./deadline.ts";

test("what comes in time is given back, and what fails fails", async () => {
  expect(await within(1, "It", Promise.resolve(7))).toBe(7);
  expect(await within(1, "It", 7)).toBe(7);
  await expect(within(1, "It", Promise.reject(new Error("no")))).rejects.toThrow("no");
});

test("what never comes is an error that says what it was", async () => {
  const never = new Promise(() => {});
  await expect(within(0.01, 'start() of "a"', never)).rejects.toMatchObject({
    code: "NX_PLUGIN_HANGS",
    message: expect.stringMatching(/^start\(\) of "a" has not ended after 0\.01 s\. .*background/),
  });
});
