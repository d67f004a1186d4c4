import { secret } from "nexus-platform";
import { z } from "zod";

const alphanumeric = z
  .string()
  .refine(isAlphanumeric, "Username must be alphanumeric with optional - and _");

/** The first rule that a password breaks is told, and not the others. */
const strong = z
  .string()
  .refine((password) => /\p{Uppercase}/u.test(password), {
    error: "Password must contain at least one uppercase letter",
    abort: true,
  })
  .refine((password) => /\p{Lowercase}/u.test(password), {
    error: "Password must contain at least one lowercase letter",
    abort: true,
  })
  .refine((password) => /\p{Nd}/u.test(password), {
    error: "Password must contain at least one digit",
  });

const fields = {
  // Something, an @, something with a dot inside; written so that it takes linear time.
  email: z
    .string()
    .max(254)
    .regex(/^[^@]+@[^@][^@.]*\.[^@]+$/),
  full_name: z.string().max(100).nullable(),
  tags: z.array(z.string().max(50)).max(50),
};

export const CreateUser = z
  .object({
    // With pipe a rule of one's own is asked only about a text of the right length.
    username: z.string().min(3).max(50).pipe(alphanumeric),
    email: fields.email,
    password: secret(z.string().min(8).pipe(strong)),
    full_name: fields.full_name.default(null),
    tags: fields.tags.nullable().default([]),
  })
  .meta({
    id: "CreateUser",
    examples: [
      {
        username: "alice",
        email: "alice@example.com",
        password: "Correct-Horse-1",
        full_name: "Alice Liddell",
        tags: ["reader"],
      },
    ],
  });
export type CreateUser = z.output<typeof CreateUser>;

/** An absent field stays as it is. Null clears full_name, and leaves the others as they are. */
export const UpdateUser = z
  .object({
    // Not CreateUser.partial(): its defaults would fill in what a client has left out.
    email: fields.email.nullable(),
    full_name: fields.full_name,
    active: z.boolean().nullable(),
    tags: fields.tags.nullable(),
  })
  .partial()
  .meta({
    id: "UpdateUser",
    examples: [{ email: "alice@example.org", full_name: "Alice Pleasance", tags: ["reader"] }],
  });
export type UpdateUser = z.output<typeof UpdateUser>;

export const User = z
  .object({
    user_id: z.string(),
    username: z.string(),
    email: z.string(),
    full_name: z.string().nullable(),
    active: z.boolean(),
    tags: z.array(z.string()),
    created_at: z.date(),
    updated_at: z.date(),
  })
  .meta({ id: "User" });
export type User = z.output<typeof User>;

/** A user for those who may know more. */
export const UserDetails = User.extend({
  email_verified: z.boolean(),
  manager_id: z.string().nullable(),
}).meta({ id: "UserDetails" });
export type UserDetails = z.output<typeof UserDetails>;

/** The query of a list of users. */
export const userQuery = {
  page: z.int().min(1).default(1).describe("Page number"),
  per_page: z.int().min(1).max(100).default(20).describe("Items per page"),
  search: z
    .string()
    .max(100)
    .optional()
    .describe("Part of the username, email or full name, in any case"),
  active: z.boolean().optional().describe("Only active users, or only the others"),
};
export type UserQuery = z.output<z.ZodObject<typeof userQuery>>;

export const UserPage = z
  .object({
    users: z.array(User),
    pagination: z.object({
      page: z.int(),
      per_page: z.int(),
      total: z.int(),
      pages: z.int(),
      has_next: z.boolean(),
      has_prev: z.boolean(),
    }),
  })
  .meta({ id: "UserPage" });
export type UserPage = z.output<typeof UserPage>;

/** Content may be left out: the handler then says that it is required. */
export const CreateComment = z
  .object({ content: z.string().default(""), author_id: z.string().max(200) })
  .meta({
    id: "CreateComment",
    examples: [{ content: "Curiouser and curiouser!", author_id: "alice" }],
  });

export const Comment = z
  .object({
    comment_id: z.string(),
    content: z.string(),
    author_id: z.string(),
    created_at: z.date(),
  })
  .meta({ id: "Comment" });
export type Comment = z.output<typeof Comment>;

export const SearchResult = z
  .object({ type: z.enum(["user", "comment"]), id: z.string(), text: z.string() })
  .meta({ id: "SearchResult" });
export type SearchResult = z.output<typeof SearchResult>;

export const Message = z.object({ message: z.string() }).meta({ id: "Message" });

/** Letters and digits of any script; of - and _ alone nothing is left. */
function isAlphanumeric(username: string): boolean {
  return /^[\p{L}\p{N}]+$/u.test(username.replace(/[-_]/g, ""));
}
