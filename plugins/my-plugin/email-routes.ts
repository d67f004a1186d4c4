import {
  BackgroundTasks,
  currentUser,
  HTTPException,
  inject,
  NotFound,
  post,
  Routes,
} from "nexus-platform";
import { z } from "zod";
import { EmailService } from "./email-service.ts";
import { Message } from "./schemas.ts";
import { UserService, visibleTo } from "./user-service.ts";

const SendEmail = z
  .object({
    subject: z
      .string()
      .min(1)
      .max(200)
      .regex(/^\P{Cc}*$/u, "Subject must be one line"),
    body: z.string().min(1).max(10_000),
  })
  .meta({ id: "SendEmail", examples: [{ subject: "Tea?", body: "At five, as always." }] });

export class EmailRoutes extends Routes {
  users = inject(UserService);
  emails = inject(EmailService);

  /** Send email to user (background task). */
  send = post(
    "/users/{user_id}/send-email",
    {
      // By address: anybody may make accounts here, so an account of one's own is worth nothing.
      rateLimit: { requests: 30, window: 3600, by: "address" },
      use: { me: currentUser, background: BackgroundTasks },
      body: SendEmail,
      response: Message,
      responses: { 404: NotFound },
    },
    async ({ user_id, body, me, background }) => {
      const to = await this.users.get(user_id, visibleTo(me));
      if (!to) throw new HTTPException(404, "User not found");
      background.add("email", () => this.emails.send({ to, ...body, sender: me }));
      return { message: "Email queued for delivery" };
    },
  );
}
