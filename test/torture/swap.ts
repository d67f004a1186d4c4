import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Broken } from "./broken.ts";
import { changingLoad, gone, Standing } from "./changing-load.ts";
import { Load, type Times } from "./load.ts";
import { publish } from "./publish.ts";
import { createRandom } from "./random.ts";
import { steady } from "./steady-load.ts";
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

/** Leads the plugin from one version to the other and back, out of sight and back. */
class Changes {
  readonly changing = new Standing("1.0.0");
  /** Of the plugin that needs it: which version it sees. */
  readonly leaning = new Standing("1.0.0");
  readonly #process: Tortured;
  readonly #random: () => number;
  count = 0;

  constructor(process: Tortured, random: () => number) {
    this.#process = process;
    this.#random = random;
  }

  async cycle(): Promise<void> {
    const hide = [() => this.#disable(), () => this.#enable()];
    const steps = this.#random() < 0.5 ? hide : [];
    await this.#all([
      () => this.#upgrade(),
      ...steps,
      () => this.#rollback(),
      ...(steps.length ? [] : hide),
    ]);
  }

  async #all(steps: readonly (() => Promise<void>)[]): Promise<void> {
    for (const step of steps) {
      await step();
      this.count++;
      await sleep(this.#random() * 30);
    }
  }

  async #upgrade(): Promise<void> {
    // Half of them are watched until the next step.
    const options = { window: this.#random() < 0.5 ? 30 : 0 };
    await this.#to("1.1.0", ["upgrade", "changing", { version: "1.1.0" }, options], this.#both);
  }

  async #rollback(): Promise<void> {
    await this.#to("1.0.0", ["rollback", "changing"], this.#both);
  }

  async #disable(): Promise<void> {
    await this.#to(gone, ["disable", "changing", { cascade: true }], this.#both);
  }

  async #enable(): Promise<void> {
    const { version } = await this.#process.change("info", "changing");
    await this.#to(version, ["enable", "changing"], [this.changing]);
    await this.#to(version, ["enable", "leaning"], [this.leaning]);
  }

  get #both(): readonly Standing[] {
    return [this.changing, this.leaning];
  }

  async #to(
    version: string,
    [method, ...args]: readonly [string, ...(readonly unknown[])],
    standings: readonly Standing[],
  ): Promise<void> {
    for (const standing of standings) standing.change(version);
    await this.#process.order(method, ...args);
    for (const standing of standings) standing.settle(version);
  }
}

/** What a process holds when it has come to rest: old versions have ended, tasks are done. */
async function measure(process: Tortured, before?: Measure): Promise<Measure> {
  let last: Measure | undefined;
  for (let look = 0; look < 15; look++) {
    const now = await process.measure();
    const isCalm = before ? compare(before, now).length === 0 : last && isSame(last, now);
    if (isCalm && now.tally.begun === now.tally.done) return now;
    last = now;
    await sleep(200);
  }
  return last!;
}

const isSame = (one: Measure, other: Measure): boolean =>
  one.plugins === other.plugins && one.scopes === other.scopes && one.files === other.files;

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

/** Bytes that may come and go, as code is compiled and caches are filled. */
const tolerance = 4_000_000;

function compare(before: Measure, after: Measure): string[] {
  const grown: string[] = [];
  const look = (what: string, was: number, is: number, allowed = 0): void => {
    if (is > was + allowed) grown.push(`${what}: ${was} before, ${is} after`);
  };
  look("bytes of the heap", before.heap, after.heap, tolerance);
  look("plugins", before.plugins, after.plugins);
  look("scopes", before.scopes, after.scopes);
  look("open files and sockets", before.files, after.files);
  for (const [name, is] of Object.entries(after.resources))
    look(name, before.resources[name] ?? 0, is);
  return grown;
}

function describe({ heap, plugins, scopes, files, resources }: Measure): string {
  const handles = Object.entries(resources).map(([name, count]) => `${count} ${name}`);
  const megabytes = (heap / 1e6).toFixed(1);
  return `heap ${megabytes} MB, ${plugins} plugins, ${scopes} scopes, ${files} files; ${handles.join(", ")}`;
}
