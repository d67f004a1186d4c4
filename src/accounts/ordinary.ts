import type { Expression, ExpressionBuilder, SqlBool } from "kysely";
import type { Tables } from "./tables.ts";

const powers = ["nexus_user_roles", "nexus_user_permissions", "nexus_api_keys"] as const;

/** Who has no roles, permissions or keys, and so nothing that a stranger could take over. */
export function ordinary(user: ExpressionBuilder<Tables, "nexus_users">): Expression<SqlBool> {
  return user.and(
    powers.map((table) =>
      user.not(
        user.exists(
          user
            .selectFrom(table)
            .select("user_id")
            .whereRef(`${table}.user_id`, "=", "nexus_users.id"),
        ),
      ),
    ),
  );
}
