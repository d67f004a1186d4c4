import { Conflict, inject, Service } from "nexus-platform";
import { Accounts } from "nexus-platform/accounts";
import { Database } from "nexus-platform/database";
import { currentLog } from "nexus-platform/log";
import type { User } from "./schemas.ts";

interface FormerUser extends User {
  password_hash: string;
}

/**
 * Users of the time when this plugin kept them itself: they move to the platform's, with their
 * passwords. Who has moved is no longer here, so that nobody moves twice.
 */
export class FormerUsers extends Service {
  #db = inject(Database<{ my_plugin_users: FormerUser }>);
  #accounts = inject(Accounts);

  async start(): Promise<void> {
    const moved = await this.#db.transaction().execute(() => this.#move());
    if (moved) currentLog().info(`${moved} users of my_plugin_users are the platform's now`);
  }

  async #move(): Promise<number> {
    const former = await this.#db
      .selectFrom("my_plugin_users")
      .selectAll()
      .orderBy("created_at")
      .execute();
    let moved = 0;
    for (const { user_id, ...user } of former) {
      try {
        await this.#accounts.adopt({ id: user_id, ...user });
      } catch (error) {
        if (!(error instanceof Conflict)) throw error;
        // Whoever has the name now may be somebody else. It is tried again with the next start.
        currentLog().warn({ user_id }, `A user stays in my_plugin_users: ${error.detail}`);
        continue;
      }
      await this.#db.deleteFrom("my_plugin_users").where("user_id", "=", user_id).execute();
      moved++;
    }
    return moved;
  }
}
