import { Conflict, emit, inject, Service } from "nexus-platform";
import { Database, isUniqueViolation } from "nexus-platform/database";
import { userCreated } from "./events.ts";
import { contains, fold } from "./matching.ts";
import { hashPassword } from "./passwords.ts";
import type { CreateUser, UpdateUser, User, UserPage, UserQuery } from "./schemas.ts";

/** A user as stored; what ends in `_key` is folded, so that it is compared in any case. */
interface UserRow extends User {
  username_key: string;
  email_key: string;
  full_name_key: string | null;
  password_hash: string;
}

/** All that leaves this file: never the hash of a password. */
const shown = [
  "user_id",
  "username",
  "email",
  "full_name",
  "active",
  "tags",
  "created_at",
  "updated_at",
] as const satisfies (keyof User)[];

/** The users, and the only one who knows their table. */
export class UserService extends Service {
  #db = inject(Database<{ my_plugin_users: UserRow }>);

  async get(userId: string): Promise<User | undefined> {
    return this.#db
      .selectFrom("my_plugin_users")
      .select(shown)
      .where("user_id", "=", userId)
      .executeTakeFirst();
  }

  /** The oldest first. */
  async list({ page, per_page, search, active }: UserQuery): Promise<UserPage> {
    let found = this.#db.selectFrom("my_plugin_users");
    if (active !== undefined) found = found.where("active", "=", active);
    if (search) {
      found = found.where((user) =>
        user.or([
          contains("username_key", search),
          contains("email_key", search),
          contains("full_name_key", search),
        ]),
      );
    }
    const { total } = await found
      .select(({ fn }) => fn.countAll<number>().as("total"))
      .executeTakeFirstOrThrow();
    const before = (page - 1) * per_page;
    // Nothing is asked of a page beyond the end: its number may be larger than a database counts.
    const users =
      before < total
        ? await found
            .select(shown)
            .orderBy("created_at")
            .orderBy("user_id")
            .limit(per_page)
            .offset(before)
            .execute()
        : [];
    return {
      users,
      pagination: {
        page,
        per_page,
        total,
        pages: Math.ceil(total / per_page),
        has_next: page * per_page < total,
        has_prev: page > 1,
      },
    };
  }

  /** @throws Conflict when the username or the email is taken */
  async create({ username, email, password, full_name, tags }: CreateUser): Promise<User> {
    await this.#refuseTaken({ username, email });
    const password_hash = await hashPassword(password);
    const now = new Date();
    const user = await this.#unlessTaken({ username, email }, () =>
      this.#db
        .insertInto("my_plugin_users")
        .values({
          user_id: crypto.randomUUID(),
          username,
          username_key: fold(username),
          email,
          email_key: fold(email),
          full_name,
          full_name_key: full_name && fold(full_name),
          password_hash,
          active: true,
          tags: tags ?? [],
          created_at: now,
          updated_at: now,
        })
        .returning(shown)
        .executeTakeFirstOrThrow(),
    );
    await emit(userCreated, { user_id: user.user_id, username: user.username });
    return user;
  }

  /**
   * Changes what is given, and nothing else.
   * @throws Conflict when the email is somebody else's
   */
  async update(userId: string, fields: UpdateUser): Promise<User | undefined> {
    const { email, full_name, active, tags } = fields;
    const changes = {
      ...(email != null && { email, email_key: fold(email) }),
      ...(full_name !== undefined && { full_name, full_name_key: full_name && fold(full_name) }),
      ...(active != null && { active }),
      ...(tags != null && { tags }),
    };
    if (!Object.keys(changes).length) return this.get(userId);
    return this.#unlessTaken({ email }, () =>
      this.#db
        .updateTable("my_plugin_users")
        .set({ ...changes, updated_at: new Date() })
        .where("user_id", "=", userId)
        .returning(shown)
        .executeTakeFirst(),
    );
  }

  /** @returns whether this has changed anything */
  async activate(userId: string): Promise<boolean> {
    const { numUpdatedRows } = await this.#db
      .updateTable("my_plugin_users")
      .set({ active: true, updated_at: new Date() })
      .where("user_id", "=", userId)
      .where("active", "=", false)
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  }

  /** @returns whether there was such a user */
  async delete(userId: string): Promise<boolean> {
    const { numDeletedRows } = await this.#db
      .deleteFrom("my_plugin_users")
      .where("user_id", "=", userId)
      .executeTakeFirst();
    return numDeletedRows > 0n;
  }

  async #refuseTaken({ username, email }: Unique): Promise<void> {
    if (username != null && (await this.#exists("username_key", username)))
      throw new Conflict("Username already exists");
    if (email != null && (await this.#exists("email_key", email)))
      throw new Conflict("Email already exists");
  }

  /** Between a look and a write somebody else may come first: the database has the last word. */
  async #unlessTaken<T>(unique: Unique, write: () => Promise<T>): Promise<T> {
    try {
      return await write();
    } catch (error) {
      if (isUniqueViolation(error)) await this.#refuseTaken(unique);
      throw error;
    }
  }

  async #exists(column: "username_key" | "email_key", value: string): Promise<boolean> {
    const row = await this.#db
      .selectFrom("my_plugin_users")
      .select("user_id")
      .where(column, "=", fold(value))
      .executeTakeFirst();
    return row !== undefined;
  }
}

/** What no two users have in common. */
interface Unique {
  readonly username?: string;
  readonly email?: string | null | undefined;
}
