import { z } from "zod";
import { emailPattern, usernamePattern } from "./domain.ts";

/** For the peers whose own documentation shows Zod: compiled, as that is faster. */

export const Query = z.compile(
  z.object({
    page: z.coerce.number().int().min(1).default(1),
    per_page: z.coerce.number().int().min(1).max(100).default(20),
    active: z
      .enum(["true", "false"])
      .transform((text) => text === "true")
      .optional(),
  }),
);

export const Path = z.compile(z.object({ user_id: z.coerce.number().int().min(1) }));

export const NewUser = z.compile(
  z.object({
    username: z.string().min(3).max(50).regex(new RegExp(usernamePattern)),
    email: z.string().regex(new RegExp(emailPattern)),
    password: z.string().min(8),
    full_name: z.string().nullish(),
    tags: z.array(z.string()).optional(),
  }),
);

export const User = z.compile(
  z.object({
    user_id: z.number().int(),
    username: z.string(),
    email: z.string(),
    full_name: z.string().nullable(),
    active: z.boolean(),
    tags: z.array(z.string()),
    created_at: z.string(),
    updated_at: z.string(),
  }),
);
