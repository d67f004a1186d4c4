import { existsSync } from "node:fs";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type SavedState, verify, Versions } from "nexus-platform/lifecycle";
import { Connection } from "./connection.ts";
import { Outcome, Rows, Said } from "./kill-witness.ts";
import { publish } from "./publish.ts";
import { Tortured } from "./tortured.ts";

/** Ways to another version, which are tried in turn. */
export const ways = [
  { name: "live", version: "1.1.0", columns: "n title note" },
  { name: "stopped", version: "2.0.0", columns: "n name" },
] as const;
export type Way = (typeof ways)[number];
const rowsBefore = 40;

export interface Round {
  /** Which version the start after the kill was on. */
  readonly on: "old" | "new";
  /** What was cut short by the kill. */
  readonly change: SavedState["change"];
}

/** An app in whose upgrades the process is killed. */
export class KillRounds {
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

  static async start(folder: string, random: () => number): Promise<KillRounds> {
    const torture = new KillRounds(folder, random);
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
    if (saved?.change || isHalf) said.mustName(version);
    else said.mustBeSilent();
    // What was cut short can be done again, and all of it can be undone.
    if (!isNew) {
      const since = performance.now();
      const upgrade = this.#upgrade(way);
      await this.#reached(Outcome.of(upgrade), ({ change }) => change !== undefined);
      const begun = performance.now();
      await upgrade;
      const end = performance.now();
      this.#takes[way.name] = { all: end - since, rest: end - begun };
      await this.#look(rows);
    }
    await this.#undo(way, rows);
    return { on: isNew ? "new" : "old", change: saved?.change };
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
    await this.#reached(upgrade, ({ change }) => change !== undefined);
    if (kind < 0.5 || name === "live") return sleep(this.#random() * rest * 1.2);
    if (kind < 0.75) {
      // Its tables are copied by then, more often than not.
      return sleep(rest * (0.3 + this.#random() * 0.5));
    }
    // When somebody has seen it.
    while (!upgrade.isOver && !rows.isResumed) await sleep(1);
    return sleep(this.#random() * 10);
  }

  #upgrade({ name, version }: Way): Promise<unknown> {
    const target = { spec: this.#tarballs.get(version) };
    return this.#server.order("upgrade", "ledger", target, {
      stop: name === "stopped",
      // Killed while it is watched, it would fall back, and nothing would have been cut short.
      window: 0,
    });
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
    if (saved?.version !== version || saved.change)
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

const known = new Set(["ledger", "state.json", "routes.json", ".drafts"]);

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
