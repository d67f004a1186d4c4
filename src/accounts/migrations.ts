import type { Migrations } from "../database/index.ts";

/** The tables of accounts. What ends in `_key` is folded: compared in any case. */
export const migrations: Migrations = {
  "0001_accounts": {
    async expand({ schema }) {
      await schema
        .createTable("nexus_users")
        .addColumn("id", "uuid", (column) => column.primaryKey())
        .addColumn("username", "text", (column) => column.notNull())
        .addColumn("username_key", "text", (column) => column.notNull().unique())
        .addColumn("email", "text", (column) => column.notNull())
        .addColumn("email_key", "text", (column) => column.notNull().unique())
        .addColumn("full_name", "text")
        .addColumn("full_name_key", "text")
        .addColumn("password_hash", "text", (column) => column.notNull())
        .addColumn("active", "boolean", (column) => column.notNull())
        .addColumn("tags", "jsonb", (column) => column.notNull())
        .addColumn("email_verified", "boolean", (column) => column.notNull())
        .addColumn("manager_id", "uuid", (column) =>
          column.references("nexus_users.id").onDelete("set null"),
        )
        .addColumn("created_at", "timestamptz", (column) => column.notNull())
        .addColumn("updated_at", "timestamptz", (column) => column.notNull())
        .execute();
      await schema
        .createIndex("nexus_users_by_age")
        .on("nexus_users")
        .columns(["created_at", "id"])
        .execute();
      await schema
        .createIndex("nexus_users_by_manager")
        .on("nexus_users")
        .column("manager_id")
        .execute();

      await schema
        .createTable("nexus_sessions")
        .addColumn("id", "uuid", (column) => column.primaryKey())
        .addColumn("user_id", "uuid", (column) =>
          column.notNull().references("nexus_users.id").onDelete("cascade"),
        )
        .addColumn("kind", "text", (column) => column.notNull())
        // Of a cookie session: the SHA-256 of what the cookie holds.
        .addColumn("secret_hash", "text", (column) => column.unique())
        .addColumn("created_at", "timestamptz", (column) => column.notNull())
        .addColumn("last_used_at", "timestamptz", (column) => column.notNull())
        .addColumn("expires_at", "timestamptz", (column) => column.notNull())
        .addColumn("revoked_at", "timestamptz")
        .addColumn("user_agent", "text")
        .addColumn("address", "text")
        .execute();
      await schema
        .createIndex("nexus_sessions_by_user")
        .on("nexus_sessions")
        .column("user_id")
        .execute();
      await schema
        .createTable("nexus_refresh_tokens")
        .addColumn("hash", "text", (column) => column.primaryKey())
        .addColumn("session_id", "uuid", (column) =>
          column.notNull().references("nexus_sessions.id").onDelete("cascade"),
        )
        .addColumn("created_at", "timestamptz", (column) => column.notNull())
        .addColumn("expires_at", "timestamptz", (column) => column.notNull())
        .addColumn("used_at", "timestamptz")
        .execute();
      await schema
        .createIndex("nexus_refresh_tokens_by_session")
        .on("nexus_refresh_tokens")
        .column("session_id")
        .execute();

      await schema
        .createTable("nexus_roles")
        .addColumn("name", "text", (column) => column.primaryKey())
        .addColumn("title", "text", (column) => column.notNull())
        .addColumn("description", "text", (column) => column.notNull().defaultTo(""))
        .addColumn("plugin", "text")
        .execute();
      await schema
        .createTable("nexus_permissions")
        .addColumn("name", "text", (column) => column.primaryKey())
        .addColumn("description", "text", (column) => column.notNull().defaultTo(""))
        .addColumn("plugin", "text")
        .execute();
      await schema
        .createTable("nexus_role_permissions")
        .addColumn("role", "text", (column) =>
          column.notNull().references("nexus_roles.name").onDelete("cascade"),
        )
        // Any text, wildcards too: not only what some plugin has declared.
        .addColumn("permission", "text", (column) => column.notNull())
        .addPrimaryKeyConstraint("nexus_role_permissions_pk", ["role", "permission"])
        .execute();
      await schema
        .createTable("nexus_user_roles")
        .addColumn("user_id", "uuid", (column) =>
          column.notNull().references("nexus_users.id").onDelete("cascade"),
        )
        .addColumn("role", "text", (column) =>
          column.notNull().references("nexus_roles.name").onDelete("cascade"),
        )
        .addPrimaryKeyConstraint("nexus_user_roles_pk", ["user_id", "role"])
        .execute();
      await schema
        .createIndex("nexus_user_roles_by_role")
        .on("nexus_user_roles")
        .column("role")
        .execute();
      await schema
        .createTable("nexus_user_permissions")
        .addColumn("user_id", "uuid", (column) =>
          column.notNull().references("nexus_users.id").onDelete("cascade"),
        )
        .addColumn("permission", "text", (column) => column.notNull())
        .addPrimaryKeyConstraint("nexus_user_permissions_pk", ["user_id", "permission"])
        .execute();

      await schema
        .createTable("nexus_api_keys")
        .addColumn("id", "uuid", (column) => column.primaryKey())
        .addColumn("user_id", "uuid", (column) =>
          column.notNull().references("nexus_users.id").onDelete("cascade"),
        )
        .addColumn("name", "text", (column) => column.notNull())
        .addColumn("prefix", "text", (column) => column.notNull())
        .addColumn("hash", "text", (column) => column.notNull().unique())
        .addColumn("permissions", "jsonb", (column) => column.notNull())
        .addColumn("expires_at", "timestamptz")
        .addColumn("last_used_at", "timestamptz")
        .addColumn("created_at", "timestamptz", (column) => column.notNull())
        .addColumn("revoked_at", "timestamptz")
        .execute();
      await schema
        .createIndex("nexus_api_keys_by_user")
        .on("nexus_api_keys")
        .column("user_id")
        .execute();

      await schema
        .createTable("nexus_one_time_tokens")
        .addColumn("hash", "text", (column) => column.primaryKey())
        .addColumn("user_id", "uuid", (column) =>
          column.notNull().references("nexus_users.id").onDelete("cascade"),
        )
        .addColumn("purpose", "text", (column) => column.notNull())
        .addColumn("expires_at", "timestamptz", (column) => column.notNull())
        .addColumn("used_at", "timestamptz")
        .execute();
      await schema
        .createIndex("nexus_one_time_tokens_by_user")
        .on("nexus_one_time_tokens")
        .column("user_id")
        .execute();
      await schema
        .createTable("nexus_login_failures")
        .addColumn("key", "text", (column) => column.primaryKey())
        .addColumn("count", "integer", (column) => column.notNull())
        .addColumn("last_at", "timestamptz", (column) => column.notNull())
        .addColumn("locked_until", "timestamptz")
        .execute();

      await schema
        .createTable("nexus_audit")
        .addColumn("id", "serial", (column) => column.primaryKey())
        .addColumn("at", "timestamptz", (column) => column.notNull())
        // No reference: what somebody did stays when they are gone.
        .addColumn("actor_id", "uuid")
        .addColumn("actor", "text")
        .addColumn("action", "text", (column) => column.notNull())
        .addColumn("target", "text")
        .addColumn("result", "text", (column) => column.notNull())
        .addColumn("address", "text")
        .addColumn("request_id", "text")
        .addColumn("details", "jsonb")
        .execute();
      await schema.createIndex("nexus_audit_by_time").on("nexus_audit").column("at").execute();
      await schema
        .createIndex("nexus_audit_by_actor")
        .on("nexus_audit")
        .columns(["actor_id", "id"])
        .execute();
    },
  },
};
