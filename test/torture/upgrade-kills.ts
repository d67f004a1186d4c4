import { messageOf } from "nexus-platform/exceptions";
import { KillRounds, ways } from "./kill-round.ts";
import { createRandom } from "./random.ts";
import { makeApp } from "./tortured.ts";

export interface KillOptions {
  readonly kills: number;
  /** Of the moments. */
  readonly seed: number;
  readonly log?: (line: string) => void;
}

export interface KillReport {
  readonly kills: number;
  /** What was wrong after a kill. */
  readonly faults: readonly string[];
  /** How often the start after a kill was on the version before, and on the one after. */
  readonly on: Readonly<Record<"old" | "new", number>>;
  /** How often the upgrade was cut short, and the log said so. */
  readonly cutShort: number;
  /** How often it was stopped for that, so that there may have been copies of tables to put back. */
  readonly restored: number;
}

/** Kills a process at random moments of upgrades, and looks at what the next start makes of it. */
export async function tortureUpgrades({
  kills,
  seed,
  log = () => {},
}: KillOptions): Promise<KillReport> {
  const random = createRandom(seed);
  const report = {
    kills: 0,
    faults: [] as string[],
    on: { old: 0, new: 0 },
    cutShort: 0,
    restored: 0,
  };
  while (report.kills < kills) {
    // After a fault, nobody knows what there is.
    await using app = await makeApp();
    const torture = await KillRounds.start(app.folder, random);
    try {
      while (report.kills < kills) {
        const way = ways[report.kills++ % ways.length]!;
        const { on, change } = await torture.round(way);
        report.on[on]++;
        if (change) report.cutShort++;
        if (change?.stop) report.restored++;
        if (report.kills % 10 === 0) log(`${report.kills} kills, ${report.faults.length} faults`);
      }
    } catch (error) {
      report.faults.push(`kill ${report.kills}: ${messageOf(error)}`);
      log(report.faults.at(-1)!);
    } finally {
      await torture.end();
    }
  }
  return report;
}
