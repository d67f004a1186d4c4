import { existsSync } from "node:fs";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "nexus-platform/exceptions";
import { type SavedState, verify, Versions } from "nexus-platform/lifecycle";
import { Connection } from "./connection.ts";
import { publish } from "./publish.ts";
import { createRandom } from "./random.ts";
import { makeApp, Tortured } from "./tortured.ts";

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
  /** How often there were copies of tables to put back. */
  readonly restored: number;
}

/** Ways to another version, which are tried in turn. */
const ways = [
  { name: "live", version: "1.1.0", columns: "n title note" },
  { name: "stopped", version: "2.0.0", columns: "n name" },
] as const;
type Way = (typeof ways)[number];
const rowsBefore = 40;

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
    const torture = await UpgradeKills.start(app.folder, random);
    try {
      while (report.kills < kills) {
        const way = ways[report.kills++ % ways.length]!;
        const { on, upgrading } = await torture.round(way);
        report.on[on]++;
        if (upgrading) report.cutShort++;
        if (upgrading?.copied) report.restored++;
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

interface Round {
  /** Which version the start after the kill was on. */
  readonly on: "old" | "new";
  /** What was cut short by the kill. */
  readonly upgrading: SavedState["upgrading"];
}

class UpgradeKills {
  readonly #folder: string;
  readonly #random: () => number;
  readonly #versions: Versions;
  readonly #tarballs = new Map<string, string>();
  /** Milliseconds that upgrades take here: all of it, and from when it is written that they have begun. */
  readonly #takes = { live: { all: 300, rest: 50 }, stopped: { all: 300, rest: 50 } };
  #server: Tortured;

  private constructor(folder: string, random: () => number) {
    this.#folder = folder;
    this.#random = random;
    this.#versions = new Versions(join(folder, "data/plugins"));
    this.#server = new Tortured(folder);
  }

  static async start(folder: string, random: () => number): Promise<UpgradeKills> {
    const torture = new UpgradeKills(folder, random);
    const published = join(folder, "published");
    await mkdir(published);
    for (const version of ["1.0.0", ...ways.map((way) => way.version)])
      torture.#tarballs.set(version, await publish("ledger", published, { version }));
    return torture;
  }

  async end(): Promise<void> {
    await this.#server.kill();
  }

  /** An upgrade that is killed; at the end all is as before. @throws what is wrong after the kill */
  async round(way: Way): Promise<Round> {
    const { isDone, rows, saved } = await this.#kill(way);
    const said = await this.#startAgain();
    const { version, columns } = await this.#look(rows);
    const isNew = version === way.version;
    if (isDone && !isNew) throw new Error(`It is on ${version}, and the upgrade was done`);
    // Nobody else has added to the tables of the old one.
    const isHalf = !isNew && columns !== "n title";
    if (saved?.upgrading || isHalf) said.mustName(version);
    else said.mustBeSilent();
    // What was cut short can be done again, and all of it can be undone.
    if (!isNew) {
      const since = performance.now();
      const upgrade = this.#upgrade(way);
      await this.#reached(Outcome.of(upgrade), ({ upgrading }) => upgrading !== undefined);
      const begun = performance.now();
      await upgrade;
      const end = performance.now();
      this.#takes[way.name] = { all: end - since, rest: end - begun };
      await this.#look(rows);
    }
    await this.#undo(way, rows);
    return { on: isNew ? "new" : "old", upgrading: saved?.upgrading };
  }

  /** @returns what the clients and the disk know of it */
  async #kill(way: Way) {
    await this.#server.order("install", this.#tarballs.get("1.0.0"));
    using connection = new Connection(await portOf(this.#server));
    const rows = new Rows(connection);
    while (rows.acknowledged.length < rowsBefore) await rows.add();
    const writing = rows.keepAdding();
    const upgrade = Outcome.of(this.#upgrade(way));
    await this.#wait(way, upgrade, rows);
    const isDone = upgrade.isDone();
    await this.#server.kill();
    await writing;
    return { isDone, rows: rows.acknowledged, saved: await this.#saved() };
  }

  /** Until a random moment, mostly one when the upgrade has begun to change something. */
  async #wait({ name }: Way, upgrade: Outcome, rows: Rows): Promise<void> {
    const { all, rest } = this.#takes[name];
    const kind = this.#random();
    if (kind < 0.2) return sleep(this.#random() * all * 1.2);
    await this.#reached(upgrade, ({ upgrading }) => upgrading !== undefined);
    if (kind < 0.5 || name === "live") return sleep(this.#random() * rest * 1.2);
    if (kind < 0.75) {
      await this.#reached(upgrade, ({ upgrading }) => upgrading?.copied === true);
      return sleep(this.#random() * rest * 0.5);
    }
    // When somebody has seen it.
    while (!upgrade.isOver && !rows.isResumed) await sleep(1);
    return sleep(this.#random() * 10);
  }

  #upgrade({ name, version }: Way): Promise<unknown> {
    const target = { spec: this.#tarballs.get(version) };
    return this.#server.order("upgrade", "ledger", target, { stop: name === "stopped" });
  }

  /** Now and then that start is killed, too. */
  async #startAgain(): Promise<Said> {
    const lines: string[] = [];
    let isAll = true;
    for (; this.#random() < 0.2; isAll = false) {
      this.#server = new Tortured(this.#folder);
      await Promise.race([this.#server.ready, sleep(this.#random() * 1000)]);
      await this.#server.kill();
      lines.push(...this.#server.complaints);
    }
    this.#server = new Tortured(this.#folder);
    await portOf(this.#server);
    return new Said([...lines, ...this.#server.complaints], isAll);
  }

  /** @returns which version runs. @throws unless it, its tables, its folder and the states fit */
  async #look(rows: readonly number[]): Promise<Found> {
    const found = await this.#content(rows);
    const { version } = found;
    const saved = await this.#saved();
    if (saved?.version !== version || saved.upgrading)
      throw new Error(`${version} answers, and the state is ${JSON.stringify(saved)}`);
    for (const one of await this.#versions.list("ledger"))
      await verify((await this.#versions.find("ledger", one)).folder);
    const { folder } = this.#versions;
    const others = (await readdir(folder)).filter((name) => !known.has(name));
    const left = [...others, ...(await readdir(join(folder, ".drafts")))];
    if (left.length) throw new Error(`There is ${left.join(", ")} in ${folder}`);
    return found;
  }

  async #undo({ name }: Way, rows: readonly number[]): Promise<void> {
    await this.#server.order("rollback", "ledger", { restore: true });
    // With the tables of before, what was written since is lost.
    const { version } = await this.#content(name === "live" ? rows : rows.slice(0, rowsBefore));
    if (version !== "1.0.0") throw new Error(`Rolled back, it is on ${version}`);
    await this.#server.order("uninstall", "ledger", { data: "drop" });
    if (await this.#saved()) throw new Error("Uninstalled, it has a state");
  }

  /** What the version that answers has. @throws unless all of it fits */
  async #content(rows: readonly number[]): Promise<Found> {
    using connection = new Connection(await portOf(this.#server));
    const { status, body } = await connection.ask("/ledger/rows");
    const log = this.#server.complaints.join("\n");
    if (status !== 200) throw new Error(`${status} ${body}\n${log}`);
    const found = JSON.parse(body) as Content;
    const { version } = found;
    const columns = found.columns.join(" ");
    // What a live upgrade has added stays.
    const fitting = version === "1.0.0" ? ["n title", "n title note"] : [columnsOf(version)];
    if (!fitting.includes(columns)) throw new Error(`${version} finds the columns ${columns}`);
    const texts = new Map(found.rows);
    const lost = rows.filter((n) => !isRow(n, texts.get(n), version));
    if (lost.length) throw new Error(`${version} has lost rows, or has others: ${lost.join(", ")}`);
    return { version, columns };
  }

  /** Resolves when that is written of it, or when it is over. */
  async #reached(upgrade: Outcome, holds: (saved: SavedState) => boolean): Promise<void> {
    while (!upgrade.isOver) {
      const saved = await this.#saved();
      if (saved && holds(saved)) return;
      await sleep(1);
    }
  }

  /** @throws when the file is not whole */
  async #saved(): Promise<SavedState | undefined> {
    const file = join(this.#versions.folder, "state.json");
    if (!existsSync(file)) return undefined;
    const { plugins } = JSON.parse(await readFile(file, "utf8")) as {
      plugins: Record<string, SavedState>;
    };
    return plugins["ledger"];
  }
}

interface Found {
  readonly version: string;
  /** Of its table. */
  readonly columns: string;
}

interface Content {
  readonly version: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly [n: number, text: string])[];
}

/** What starts have logged of what was cut short. */
class Said {
  readonly #lines: readonly string[];
  readonly #isAll: boolean;

  /** @param isAll none of them was killed, perhaps before it could say it */
  constructor(lines: readonly string[], isAll: boolean) {
    this.#lines = lines.filter((line) => line.includes("cut short"));
    this.#isAll = isAll;
  }

  mustName(version: string): void {
    const isSaid = this.#lines.length > 0 || !this.#isAll;
    if (isSaid && this.#lines.every((line) => line.includes(`it runs ${version}`))) return;
    throw new Error(`It runs ${version}, and the log says ${this.#lines.join("\n") || "nothing"}`);
  }

  mustBeSilent(): void {
    if (!this.#lines.length) return;
    throw new Error(`Nothing was cut short, and the log says ${this.#lines.join("\n")}`);
  }
}

/** What has become of an upgrade by now. */
class Outcome {
  isOver = false;
  #refusal: unknown;

  static of(upgrade: Promise<unknown>): Outcome {
    const outcome = new Outcome();
    upgrade
      .catch((error: unknown) => (outcome.#refusal = error))
      .finally(() => (outcome.isOver = true));
    return outcome;
  }

  /** @throws when it was refused */
  isDone(): boolean {
    if (this.#refusal) throw this.#refusal;
    return this.isOver;
  }
}

/** Rows that a client adds, one after the other. */
class Rows {
  readonly acknowledged: number[] = [];
  /** Whether some were taken after others were not. */
  isResumed = false;
  readonly #connection: Connection;
  #isRefused = false;
  #last = 0;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async add(): Promise<void> {
    const n = ++this.#last;
    const { status } = await this.#connection.ask(`/ledger/rows/${n}`, { method: "POST" });
    if (status === 200) {
      this.acknowledged.push(n);
      this.isResumed = this.#isRefused;
      return;
    }
    // It is stopped for a moment.
    if (status !== 503) throw new Error(`A row was answered by ${status}`);
    this.#isRefused = true;
  }

  /** Until the process is gone. */
  async keepAdding(): Promise<void> {
    for (;;) {
      try {
        await this.add();
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === undefined) throw error;
        return;
      }
      await sleep(1);
    }
  }
}

const known = new Set(["ledger", "state.json", ".drafts"]);

const columnsOf = (version: string): string => ways.find((way) => way.version === version)!.columns;

/** Those that were there before 2.0.0 are written in capitals by it. */
function isRow(n: number, text: string | undefined, version: string): boolean {
  return text === `row ${n}` || (version === "2.0.0" && text === `ROW ${n}`);
}

async function portOf(server: Tortured): Promise<number> {
  const port = await server.ready;
  if (port === undefined) throw new Error(`It does not start:\n${server.complaints.join("\n")}`);
  return port;
}
