import { readdir, readlink } from "node:fs/promises";
import { relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";
import { queryObjects } from "node:v8";
import { addTagMetadata, file, get, inject, Plugin, post, task } from "nexus-platform";
import { settingsKey } from "nexus-platform/config";
import { Database } from "nexus-platform/database";
import { eventsKey } from "nexus-platform/events";
import { hostKey, tableKey } from "nexus-platform/plugin";
import { currentScope, Scope } from "nexus-platform/scope";
import { Storage } from "nexus-platform/storage";
import { privateState } from "./private-state.ts";

interface Tables {
  nexus_task_schedules: { name: string };
}

/** Says what there is in its process. What the platform makes when it is first asked for, it has asked for. */
export default class Surveyor extends Plugin {
  static override readonly prefix = "/surveyor";
  readonly #app = currentScope("new Surveyor()").root;
  readonly #db = inject(Database<Tables>);
  readonly files = inject(Storage);

  work = task({ cron: "0 0 1 1 *" }, () => {});
  upload = post("/upload", { form: { file: file() } }, ({ file }) => file.size);

  override start(): void {
    addTagMetadata({ name: "surveyor", description: "Says what there is" });
  }

  survey = get("/", async () => {
    await nextSecond();
    const { dataDir } = this.#app.get(settingsKey);
    const tables = await this.#db.introspection.getTables();
    const files = await readdir(dataDir, { recursive: true, withFileTypes: true });
    const { "#values": values, "#undo": undo } = privateState(this.#app);
    return {
      plugins: this.#app.get(hostKey).plugins.map(({ name, state }) => `${name} ${state}`),
      routes: this.#app
        .get(tableKey)
        .current.entries.map(({ method, path }) => `${method} ${path}`),
      app: { values, undo },
      subscriptions: privateState(this.#app.get(eventsKey))["#subscriptions"],
      living: living(),
      // What is over in a moment is nobody's.
      resources: tally(
        process.getActiveResourcesInfo().filter((name) => !/^FSReq|^Immediate/.test(name)),
      ),
      descriptors: tally(await descriptors()),
      listeners: tally(
        process
          .eventNames()
          .flatMap((name) => process.listeners(name as "exit").map(() => String(name))),
      ),
      tables: tables.map(({ name }) => name),
      schedules: await this.#schedules(),
      files: files
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => relative(dataDir, `${parentPath}/${name}`))
        .toSorted(),
    };
  });
  schedules = get("/schedules", () => this.#schedules());

  async #schedules(): Promise<string[]> {
    const found = await this.#db.selectFrom("nexus_task_schedules").select("name").execute();
    return found.map(({ name }) => name);
  }
}

/** Until then Node's timer for the `Date` of responses keeps a request, the first that it dated. */
async function nextSecond(): Promise<void> {
  const next = Math.trunc(Date.now() / 1000) * 1000 + 1000;
  while (Date.now() < next) await sleep(20);
  // Timers end in order: that one has, when the next has.
  await sleep(1);
}

const timer = setTimeout(() => {}, 0);
clearTimeout(timer);
const classes = { Plugin, Scope, AbortController, Timeout: timer.constructor as () => void };

/** Stands above all classes that are counted, for a search takes a while. */
class Counted {
  [inspect.custom](): string {
    return Object.entries(classes).find(([, type]) => this instanceof type)![0];
  }
}
for (const { prototype } of Object.values(classes))
  Object.setPrototypeOf(prototype, Counted.prototype);

/** How many there are, once the garbage has been collected, of what is there for a plugin. */
function living(): Record<string, number> {
  const found = queryObjects(Counted, { format: "summary" });
  const count = (name: string) => found.filter((text) => text.startsWith(name)).length;
  return Object.fromEntries(Object.keys(classes).map((name) => [name, count(name)]));
}

async function descriptors(): Promise<string[]> {
  const names = await readdir("/proc/self/fd");
  const targets = names.map((name) => readlink(`/proc/self/fd/${name}`).catch(() => "closed"));
  return (await Promise.all(targets)).map((target) => target.replace(/:\[\d+\]$/, ""));
}

function tally(names: readonly string[]): Record<string, number> {
  const counted = Map.groupBy(names, (name) => name);
  return Object.fromEntries([...counted].map(([name, all]) => [name, all.length]));
}
