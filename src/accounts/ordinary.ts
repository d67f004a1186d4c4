import type { Expression, ExpressionBuilder, SqlBool } from "kysely";
import type { Tables } from "./tables.ts";

const powers = ["nexus_user_roles", "nexus_user_permissions", "nexus_api_keys"] as const;

/** Who has no roles, permissions or keys and manages nobody, and so nothing that a stranger could take over. */
export function ordinary(user: ExpressionBuilder<Tables, "nexus_users">): Expression<SqlBool> {
  const has = powers.map((table) =>
    user.exists(
      user.selectFrom(table).select("user_id").whereRef(`${table}.user_id`, "=", "nexus_users.id"),
    ),
  );
  const manages = user.exists(
    user
      .selectFrom("nexus_users as report")
      .select("report.id")
      .whereRef("report.manager_id", "=", "nexus_users.id"),
  );
  return user.and([...has, manages].map((power) => user.not(power)));
}
