import { event } from "nexus-platform";
import { z } from "zod";

/** Other plugins hear it by its name: `on("user.created", …)`. */
export const userCreated = event(
  "user.created",
  z.object({ user_id: z.string(), username: z.string() }),
);
