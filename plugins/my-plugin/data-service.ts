import { inject, Service } from "nexus-platform";
import { Storage, type StoredFile } from "nexus-platform/storage";
import { task, type TaskContext } from "nexus-platform/tasks";
import { z } from "zod";
import { csvLine } from "./csv.ts";
import { type User, userQuery } from "./schemas.ts";
import { everybody, UserService } from "./user-service.ts";

const { search, active } = userQuery;

export const ExportRequest = z
  .object({
    // A filter that is misspelt would let everybody through, so it is refused.
    filters: z.strictObject({ search, active }).default({}),
    format: z.enum(["csv", "json"]).default("csv"),
  })
  .meta({ id: "ExportRequest", examples: [{ filters: { active: true }, format: "csv" }] });

const ExportResult = z.object({
  url: z.string(),
  filename: z.string(),
  rows: z.int(),
  size: z.int(),
});
type ExportResult = z.output<typeof ExportResult>;

const folder = "my-plugin/exports/";
const ExportOrder = ExportRequest.extend({ everybody: z.boolean() });
type ExportOrder = z.output<typeof ExportOrder>;

/** Days that an export can be downloaded: it is full of addresses. */
const kept = 7;

/** Users, written to files that can be taken away. */
export class DataService extends Service {
  #users = inject(UserService);
  #storage = inject(Storage);

  exportData = task(
    {
      // Whoever asked might do so then; what they may do later changes nothing of this export.
      input: ExportOrder,
      output: ExportResult,
      retries: 1,
      concurrency: 2,
      timeout: 600,
    },
    (context): Promise<ExportResult> => this.#write(context),
  );

  removeOldExports = task({ cron: "0 4 * * *" }, async ({ log }) => {
    const removed = await this.removeBefore(new Date(Date.now() - kept * 86_400_000));
    if (removed) log.info(`${removed} exports of more than ${kept} days are gone`);
    return { removed };
  });

  /** @returns how many exports are gone */
  async removeBefore(oldest: Date): Promise<number> {
    let removed = 0;
    for await (const { key, modified } of this.#storage.list(folder))
      if (modified < oldest && (await this.#storage.delete(key))) removed++;
    return removed;
  }

  /** What a task has exported. */
  async exported(taskId: string): Promise<StoredFile | undefined> {
    return this.#storage.get(`${folder}${taskId}`);
  }

  async #write({
    input: { format, filters, ...order },
    id,
    progress,
    signal,
  }: TaskContext<ExportOrder>): Promise<ExportResult> {
    const { contentType, write } = formats[format];
    const who = order.everybody ? everybody : undefined;
    const total = await this.#users.count(filters, who);
    const users = this.#users.walk(filters, who);
    let rows = 0;
    const counted = async function* (): AsyncGenerator<User> {
      for await (const user of users) {
        signal.throwIfAborted();
        yield user;
        progress(++rows / total, `${rows} users`);
      }
    };
    // The name comes from the task: another attempt replaces what this one has written.
    const { size } = await this.#storage.put(`${folder}${id}`, write(counted()), { contentType });
    return { url: `/my-plugin/data/exports/${id}`, filename: `users.${format}`, rows, size };
  }
}

const columns = [
  "user_id",
  "username",
  "email",
  "full_name",
  "active",
  "tags",
  "created_at",
  "updated_at",
] as const satisfies (keyof User)[];

const formats = {
  csv: { contentType: "text/csv; charset=utf-8", write: asCsv },
  json: { contentType: "application/json", write: asJson },
};

async function* asCsv(users: AsyncIterable<User>): AsyncGenerator<string> {
  yield csvLine(columns);
  for await (const user of users) yield csvLine(columns.map((column) => cellOf(user[column])));
}

function cellOf(value: User[keyof User]): string {
  if (value instanceof Date) return value.toISOString();
  return Array.isArray(value) ? value.join("; ") : String(value ?? "");
}

/** A list, one user a line. */
async function* asJson(users: AsyncIterable<User>): AsyncGenerator<string> {
  let before = "[\n";
  for await (const user of users) {
    yield `${before}${JSON.stringify(user)}`;
    before = ",\n";
  }
  yield before === "[\n" ? "[]\n" : "\n]\n";
}
