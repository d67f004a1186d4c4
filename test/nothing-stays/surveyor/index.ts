import { readdir, readlink } from "node:fs/promises";
import { relative } from "node:path";
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
    const { dataDir } = this.#app.get(settingsKey);
    const tables = await this.#db.introspection.getTables();
    const schedules = await this.#db.selectFrom("nexus_task_schedules").select("name").execute();
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
      schedules: schedules.map(({ name }) => name),
      files: files
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => relative(dataDir, `${parentPath}/${name}`))
        .toSorted(),
    };
  });
}

/** How many there are, once the garbage has been collected, of what is there for a plugin. */
function living(): Record<string, number> {
  const timer = setTimeout(() => {}, 0);
  clearTimeout(timer);
  const classes = { Plugin, Scope, AbortController, Timeout: timer.constructor };
  return Object.fromEntries(
    Object.entries(classes).map(([name, type]) => {
      return [name, queryObjects(type, { format: "count" })];
    }),
  );
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
