import type { Migrations } from "nexus-platform/database";

export const migrations: Migrations = {
  // Users are the platform's now. What an older version has put here, FormerUsers moves away; the table
  // goes with a migration of a later version, when everybody has moved.
  "0001_users": {
    async expand(db) {
      await db.schema
        .createTable("my_plugin_users")
        .addColumn("user_id", "uuid", (column) => column.primaryKey())
        .addColumn("username", "text", (column) => column.notNull())
        .addColumn("email", "text", (column) => column.notNull())
        .addColumn("full_name", "text")
        .addColumn("username_key", "text", (column) => column.notNull().unique())
        .addColumn("email_key", "text", (column) => column.notNull().unique())
        .addColumn("full_name_key", "text")
        .addColumn("password_hash", "text", (column) => column.notNull())
        .addColumn("active", "boolean", (column) => column.notNull())
        .addColumn("tags", "jsonb", (column) => column.notNull())
        .addColumn("created_at", "timestamptz", (column) => column.notNull())
        .addColumn("updated_at", "timestamptz", (column) => column.notNull())
        .execute();
      await db.schema
        .createIndex("my_plugin_users_by_age")
        .on("my_plugin_users")
        .columns(["created_at", "user_id"])
        .execute();
    },
  },
  "0002_comments": {
    expand: (db) =>
      db.schema
        .createTable("my_plugin_comments")
        .addColumn("comment_id", "uuid", (column) => column.primaryKey())
        .addColumn("author_id", "text", (column) => column.notNull())
        .addColumn("content", "text", (column) => column.notNull())
        .addColumn("content_key", "text", (column) => column.notNull())
        .addColumn("created_at", "timestamptz", (column) => column.notNull())
        .execute(),
  },
  "0003_files": {
    expand: (db) =>
      db.schema
        .createTable("my_plugin_files")
        .addColumn("file_id", "uuid", (column) => column.primaryKey())
        .addColumn("filename", "text", (column) => column.notNull())
        .addColumn("content_type", "text", (column) => column.notNull())
        .addColumn("size", "bigint", (column) => column.notNull())
        .addColumn("storage_key", "text", (column) => column.notNull())
        .addColumn("uploaded_by", "text", (column) => column.notNull())
        .addColumn("created_at", "timestamptz", (column) => column.notNull())
        .execute(),
  },
};
