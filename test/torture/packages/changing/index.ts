import { BackgroundTasks, inject, JSONResponse, Plugin, StreamingResponse } from "nexus-platform";
import { get, post, file } from "nexus-platform/http";
import { Database, type Migrations } from "nexus-platform/database";
import { createTask, task } from "nexus-platform/tasks";
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Tally } from "../../swap-orders.ts";
import { part } from "./part.ts";
import { Speaker } from "./speaker.ts";

// Its own, which publishing writes here.
const version: string = "0.0.0";

const tally = ((globalThis as { torture?: Tally }).torture ??= { begun: 0, done: 0, faults: [] });

/** The plugin that is changed: all that it says, it says with every part of its version. */
export default class Changing extends Plugin {
  static override readonly prefix = "/changing";
  static override readonly services = [Speaker];
  static override readonly migrations: Migrations = {
    "0001_visits": {
      expand: (db) =>
        db.schema.createTable("changing_visits").addColumn("sha256", "text").execute(),
    },
    ...(version !== "1.0.0" && {
      "0002_version": {
        expand: (db) =>
          db.schema.alterTable("changing_visits").addColumn("version", "text").execute(),
      },
    }),
  };

  speaker = inject(Speaker);
  db = inject(Database<{ changing_visits: { sha256: string; version?: string } }>);

  override start(): void {
    this.every(5, () => this.#witness("every"));
  }

  /** Leaves something to do behind the answer. */
  whole = get("/whole", { use: { background: BackgroundTasks } }, async ({ background }) => {
    tally.begun++;
    background.add(async () => {
      await sleep(20);
      this.#witness("background work");
      tally.done++;
    });
    const { late } = await import("./late.ts");
    return new JSONResponse({ versions: [...this.#versions, late] }, { headers: this.#headers });
  });

  slow = get("/slow", () => new StreamingResponse(this.#pieces(), { headers: this.#headers }));

  upload = post("/files", { form: { data: file({ maxSize: "1MB" }) } }, async ({ data }) => {
    const sha256 = createHash("sha256")
      .update(await data.bytes())
      .digest("hex");
    await this.db
      .insertInto("changing_visits")
      .values({ sha256, ...(version !== "1.0.0" && { version }) })
      .execute();
    const content = { sha256, versions: this.#versions };
    return new JSONResponse(content, { headers: this.#headers });
  });

  begin = post("/tasks", async () => {
    await createTask(this.work);
    tally.begun++;
    return new JSONResponse({ versions: this.#versions }, { headers: this.#headers });
  });

  work = task({ concurrency: 20 }, async () => {
    await sleep(30);
    this.#witness("a task");
    tally.done++;
  });

  async *#pieces() {
    for (let piece = 0; piece < 10; piece++) {
      yield `${this.#versions.join(" ")}\n`;
      await sleep(15);
    }
    yield "whole\n";
  }

  get #versions(): string[] {
    return [version, this.version, part, this.speaker.say()];
  }

  get #headers(): Record<string, string> {
    return { "X-Version": version };
  }

  #witness(who: string): void {
    const versions = new Set(this.#versions);
    if (versions.size > 1) tally.faults.push(`${who} saw ${[...versions].join(" and ")}`);
  }
}
