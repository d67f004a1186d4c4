import {
  Conflict,
  currentUser,
  get,
  HTTPException,
  inject,
  NotFound,
  optionalUser,
  post,
  Routes,
} from "nexus-platform";
import { FileResponse, media } from "nexus-platform/http";
import { createTask, getTaskStatus } from "nexus-platform/tasks";
import { z } from "zod";
import { DataService, ExportRequest } from "./data-service.ts";

const Started = z
  .object({ task_id: z.string(), status: z.literal("started"), status_url: z.string() })
  .meta({ id: "TaskStarted" });

const Status = z
  .object({
    task_id: z.string(),
    status: z.enum(["pending", "running", "completed", "failed", "cancelled"]),
    progress: z.number().min(0).max(1),
    result: z.unknown(),
    error: z.string().nullable(),
    created_at: z.date(),
    completed_at: z.date().nullable(),
  })
  .meta({ id: "TaskProgress" });

/** Long work: it is started here, asked about, and its result taken away. */
export class DataRoutes extends Routes {
  data = inject(DataService);

  /** Start data export (long-running operation). */
  exportData = post(
    "/data/export",
    {
      rateLimit: { requests: 20, window: 60 },
      use: { me: currentUser },
      body: ExportRequest,
      response: Started,
      status: 202,
    },
    async ({ body, me }) => {
      const input = { ...body, everybody: me.hasPermission("admin:users") };
      const task_id = await createTask(this.data.exportData, input, { owner: me.id });
      return {
        task_id,
        status: "started" as const,
        status_url: `/my-plugin/tasks/${task_id}/status`,
      };
    },
  );

  /** Get status of a background task: one's own, or any for who has `admin:tasks`. */
  status = get(
    "/tasks/{task_id}/status",
    { use: { me: optionalUser }, response: Status, responses: { 404: NotFound } },
    async ({ task_id, me }) => {
      const task = await getTaskStatus(task_id, { for: me });
      if (!task) throw new HTTPException(404, "Task not found");
      return { task_id, ...task };
    },
  );

  /** Download what an export has written. It is kept for a week. */
  download = get(
    "/data/exports/{task_id}",
    {
      use: { me: currentUser },
      response: media("text/csv", "application/json"),
      responses: { 404: NotFound, 409: Conflict },
    },
    async ({ task_id, me }) => {
      const task = await getTaskStatus(task_id, { for: me, of: this.data.exportData });
      if (!task) throw new HTTPException(404, "Task not found");
      if (!task.result) throw new Conflict(`The export is ${task.status}`);
      const { filename } = task.result;
      const file = await this.data.exported(task_id);
      if (!file) throw new HTTPException(404, "File not found on disk");
      // Whoever shares a computer or a proxy with the owner shall not find it there.
      return new FileResponse(file, { filename, headers: { "Cache-Control": "no-store" } });
    },
  );
}
