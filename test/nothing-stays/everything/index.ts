import { open } from "node:fs/promises";
import {
  addTagMetadata,
  BackgroundTasks,
  contextKey,
  createTask,
  dependency,
  emit,
  event,
  EventStream,
  eventsOf,
  file,
  get,
  inject,
  JSONResponse,
  middleware,
  mount,
  on,
  onError,
  Plugin,
  post,
  Routes,
  Service,
  setRequestContext,
  StreamingResponse,
  task,
  type UploadFile,
} from "nexus-platform";
import { Database, type Migrations } from "nexus-platform/database";
import { Storage } from "nexus-platform/storage";
import { z } from "zod";

/** Uses whatever a plugin can use. */

const Thing = z.object({ id: z.int(), name: z.string() }).meta({ id: "EverythingThing" });
const counted = event("everything.counted", z.object({ n: z.int() }));
const mark = contextKey<string>("everything/mark");

class Broken extends Error {}

interface Tables {
  everything_things: { id: number; name: string };
}

class Counter extends Service {
  readonly db = inject(Database<Tables>);
  readonly #timer = setInterval(() => this.ticks++, 5);
  ticks = 0;
  heard = 0;

  /** Hears of all apps' events. */
  listen = on("**", () => void this.heard++);

  /** Takes a while. */
  count = task({ input: z.object({ n: z.int() }), retries: 1 }, async ({ input, progress }) => {
    progress(0.5, "halfway");
    await new Promise((done) => setTimeout(done, 200));
    return input.n;
  });
  tidy = task({ cron: "*/5 * * * *" }, () => {});

  stop(): void {
    clearInterval(this.#timer);
  }
}

const paging = dependency({ query: { page: z.int().default(1) } }, function* ({ page }) {
  yield page;
});

class Inner extends Routes {
  readonly counter = inject(Counter);
  /** How often anything was heard. */
  heard = get("/heard", () => this.counter.heard);
}

export default class Everything extends Plugin {
  static override readonly prefix = "/everything";
  static override readonly services = [Counter];
  static override readonly config = z.object({ greeting: z.string().default("hello") });
  static override readonly permissions = { "everything:write": "Change everything" };
  static override readonly roles = { everybody: ["everything:*"] };
  static override readonly errorHandlers = [
    onError(Broken, () => new JSONResponse({ detail: "It is broken" }, { status: 418 })),
  ];
  static override readonly migrations: Migrations = {
    "0001_things": {
      expand: (db) =>
        db.schema
          .createTable("everything_things")
          .addColumn("id", "integer", (column) => column.primaryKey())
          .addColumn("name", "text", (column) => column.notNull())
          .execute(),
    },
  };

  override readonly middleware = [
    middleware((_, next) => {
      setRequestContext(mark, "seen");
      return next();
    }),
  ];

  readonly counter = inject(Counter);
  readonly files = inject(Storage);
  runs = 0;

  inner = mount("/inner", Inner, { tags: ["Everything"] });

  override async start(): Promise<void> {
    addTagMetadata({ name: "Everything", description: "All there is" });
    const handle = await open(import.meta.filename);
    this.defer(() => handle.close());
    this.every(5, () => void this.runs++);
    // As libraries do that know nothing of plugins.
    process.on("SIGWINCH", this.#hear);
    this.defer(() => process.off("SIGWINCH", this.#hear));
  }
  readonly #hear = (): void => {};

  hear = on(counted, ({ data }) => void (this.runs += data.n));
  started = on("plugin.*.started", () => {});

  things = get(
    "/things",
    {
      use: { paging, background: BackgroundTasks },
      response: z.array(Thing),
      rateLimit: { requests: 1000, window: 60 },
      tags: ["Everything"],
    },
    ({ background }) => {
      background.add(() => emit(counted, { n: 1 }));
      return this.counter.db.selectFrom("everything_things").selectAll().execute();
    },
  );
  add = post("/things", { body: Thing, response: Thing, status: 201 }, async ({ body }) => {
    await this.counter.db.insertInto("everything_things").values(body).execute();
    await emit(counted, { n: 1 });
    return body;
  });
  mine = get("/mine", { permission: "everything:read" }, () => this.runs);
  broken = get("/broken", () => {
    throw new Broken();
  });
  create = post("/tasks", { body: z.object({ n: z.int() }), status: 202 }, ({ body }) =>
    createTask(this.counter.count, body),
  );
  upload = post("/upload", { form: { file: file({ maxSize: "20MB" }) } }, async ({ file }) =>
    this.#store(file),
  );
  events = get("/events", { response: eventsOf(z.object({ n: z.int() })) }, () => {
    const runs = () => this.runs;
    return new EventStream(async function* (signal) {
      while (!signal.aborted) {
        yield { data: { n: runs() } };
        await new Promise((done) => setTimeout(done, 5));
      }
    });
  });
  slowly = get("/slowly", () => {
    const [runs, signal] = [() => this.runs, this.signal];
    return new StreamingResponse(
      (async function* () {
        while (!signal.aborted) {
          yield `${runs()}\n`;
          await new Promise((done) => setTimeout(done, 5));
        }
        yield "end\n";
      })(),
    );
  });

  async #store(upload: UploadFile): Promise<number> {
    await this.files.put("everything/file", upload.stream());
    const stored = await this.files.get("everything/file");
    let size = 0;
    for await (const chunk of stored!.stream()) size += chunk.length;
    await this.files.delete("everything/file");
    return size;
  }
}
