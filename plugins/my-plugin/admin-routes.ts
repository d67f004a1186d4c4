import { BackgroundTasks, get, inject, post, Routes } from "nexus-platform";
import { z } from "zod";
import { CommentService } from "./comment-service.ts";
import { Message } from "./schemas.ts";
import { everybody, UserService } from "./user-service.ts";

const Stats = z
  .object({ users: z.int(), active_users: z.int(), comments: z.int() })
  .meta({ id: "Stats" });

/** Administrative routes: who may is said where they are mounted. */
export class AdminRoutes extends Routes {
  users = inject(UserService);
  comments = inject(CommentService);

  /** Count users and comments. */
  stats = get("/admin/stats", { response: Stats }, async () => ({
    users: await this.users.count({}, everybody),
    active_users: await this.users.count({ active: true }, everybody),
    comments: await this.comments.count(),
  }));

  /** Start maintenance: the database looks at its tables anew, to find the best ways through them. */
  maintenance = post(
    "/admin/maintenance",
    { status: 202, response: Message, use: { background: BackgroundTasks } },
    ({ background }) => {
      background.add(() => this.comments.analyze());
      return { message: "Maintenance started" };
    },
  );
}
