import { expect, test } from "vitest";
import { tortureSwap } from "./swap.ts";
import { tortureUpgrades } from "./upgrade-kills.ts";

test(
  "a plugin is changed under load, and no request fails, is mixed, or leaves anything behind",
  { timeout: 180_000 },
  async () => {
    const report = await tortureSwap({ cycles: 10, broken: 7, seed: 1 });
    expect(report).toMatchObject({ swaps: 40, refused: 7, failed: [], mixed: [], grown: [] });
    // Else nothing was tried.
    expect(report.outlived).toBeGreaterThan(20);
    expect(report.requests).toBeGreaterThan(1000);
  },
);

test(
  "an upgrade that is killed at any moment leaves exactly the old version or the new one",
  { timeout: 180_000 },
  async () => {
    const report = await tortureUpgrades({ kills: 8, seed: 1 });
    expect(report).toMatchObject({ kills: 8, faults: [] });
    expect(report.cutShort).toBeGreaterThan(0);
  },
);
