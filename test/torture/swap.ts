import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Broken } from "./broken.ts";
import { changingLoad } from "./changing-load.ts";
import { Load, type Times } from "./load.ts";
import { compare, describe, measure } from "./measuring.ts";
import { publish } from "./publish.ts";
import { createRandom } from "./random.ts";
import { steady } from "./steady-load.ts";
import { Changes } from "./swap-changes.ts";
import type { Measure } from "./swap-orders.ts";
import { makeApp, Tortured } from "./tortured.ts";

export interface SwapOptions {
  /** Each is an upgrade, a rollback, a disabling and an enabling. */
  readonly cycles: number;
  /** Versions that cannot take over, which are tried afterwards. */
  readonly broken: number;
  /** Of the order of things, and of the pauses between them. */
  readonly seed: number;
  readonly log?: (line: string) => void;
}

export interface SwapReport {
  readonly swaps: number;
  readonly requests: number;
  readonly failed: readonly string[];
  readonly mixed: readonly string[];
  /** What there is more of at the end than at the beginning. */
  readonly grown: readonly string[];
  /** Answers that a version ended which was not in force any more. */
  readonly outlived: number;
  /** Versions that could not take over. */
  readonly refused: number;
  readonly before: Measure;
  readonly after: Measure;
  /** Of the requests to the plugins that were not changed, by kind. */
  readonly times: Readonly<Record<string, Times>>;
}

/** Milliseconds of a slice: changes are made in one, and none in the next. */
const slice = { swaps: 1500, calm: 750 };

/**
 * Changes a plugin again and again under a constant load on it and on three others, then tries versions
 * of it that are broken; and counts what went wrong.
 */
export async function tortureSwap({
  cycles,
  broken,
  seed,
  log = () => {},
}: SwapOptions): Promise<SwapReport> {
  await using app = await makeApp();
  const published = join(app.folder, "published");
  await mkdir(published);
  const process = new Tortured(app.folder);
  const port = await process.ready;
  if (port === undefined) throw new Error(process.complaints.join("\n"));
  const changes = new Changes(process, createRandom(seed));
  const { kinds, outlived } = changingLoad(changes.changing, changes.leaning);
  const load = new Load(port, [...steady, ...kinds]);
  try {
    for (const plugin of ["changing", "leaning"])
      await process.order("install", await publish(plugin, published, { version: "1.0.0" }));
    // Others are there before they are asked for.
    const next = await publish("changing", published, { version: "1.1.0" });
    await process.order("upgrade", "changing", { spec: next }, { window: 0 });
    await process.order("rollback", "changing");
    const breaking = await Broken.publish(process, published);

    load.go();
    for (let cycle = 0; cycle < Math.min(50, cycles / 5); cycle++) await changes.cycle();
    load.failed.push(...(await breaking.try(breaking.ways)));
    await load.rest();
    const before = await measure(process);
    log(`Before: ${describe(before)}`);
    changes.count = breaking.refused = 0;
    load.go();
    for (let cycle = 0; cycle < cycles;) {
      load.begin("swaps");
      const end = performance.now() + slice.swaps;
      for (; cycle < cycles && performance.now() < end; cycle++) await changes.cycle();
      load.begin("calm");
      await sleep(slice.calm);
      load.begin(undefined);
      log(`${cycle} cycles, ${load.requests} requests, ${load.failed.length} failed`);
    }
    load.failed.push(...(await breaking.try(broken)));
    await load.rest();
    const after = await measure(process, before);
    log(`After: ${describe(after)}`);
    lookBehind(process, load, after);
    return {
      swaps: changes.count,
      requests: load.requests,
      failed: load.failed,
      mixed: load.mixed,
      grown: compare(before, after),
      outlived: outlived(),
      refused: breaking.refused,
      before,
      after,
      times: Object.fromEntries(steady.map(({ name }) => [name, load.timesOf(name)])),
    };
  } finally {
    await load.rest();
    await process.stop();
  }
}

/** What nobody has asked for and what was left behind. */
function lookBehind(process: Tortured, load: Load, { tally }: Measure): void {
  load.mixed.push(...tally.faults);
  if (tally.begun !== tally.done)
    load.failed.push(
      `${tally.begun} pieces of work were begun behind answers, and ${tally.done} ended`,
    );
  for (const line of process.complaints)
    if (!/ExperimentalWarning|Not upgraded from 1\.0\.0 to 2\.0\./.test(line))
      load.failed.push(`logged: ${line.slice(0, 500)}`);
}
