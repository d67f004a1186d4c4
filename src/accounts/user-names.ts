import { type Database, isUniqueViolation } from "../database/index.ts";
import { Conflict } from "../exceptions.ts";
import { fold } from "./fold.ts";
import type { Tables, UserRow } from "./tables.ts";

/** What no two users have in common. */
export interface Unique {
  readonly username?: string | undefined;
  readonly email?: string | undefined;
}

/** What users are called: their usernames and emails, whatever the case. */
export class UserNames {
  readonly #db: Database<Tables>;

  constructor(db: Database<Tables>) {
    this.#db = db;
  }

  /** An email comes first: nobody catches the letters or the logins of another by a username. */
  async find(name: string): Promise<UserRow | undefined> {
    const folded = fold(name);
    const columns = folded.includes("@")
      ? (["email_key", "username_key"] as const)
      : (["username_key"] as const);
    for (const column of columns) {
      const row = await this.#db
        .selectFrom("nexus_users")
        .selectAll()
        .where(column, "=", folded)
        .executeTakeFirst();
      if (row) return row;
    }
    return undefined;
  }

  /** @throws Conflict */
  async refuseTaken({ username, email }: Unique): Promise<void> {
    if (username !== undefined && (await this.#exists("username_key", username)))
      throw new Conflict("Username already exists");
    if (email !== undefined && (await this.#exists("email_key", email)))
      throw new Conflict("Email already exists");
  }

  /**
   * Between a look and a write somebody else may come first: the database has the last word.
   * @throws Conflict
   */
  async unlessTaken<T>(unique: Unique, write: () => Promise<T>): Promise<T> {
    try {
      return await write();
    } catch (error) {
      if (isUniqueViolation(error)) await this.refuseTaken(unique);
      throw error;
    }
  }

  async #exists(column: "username_key" | "email_key", value: string): Promise<boolean> {
    const row = await this.#db
      .selectFrom("nexus_users")
      .select("id")
      .where(column, "=", fold(value))
      .executeTakeFirst();
    return row !== undefined;
  }
}
