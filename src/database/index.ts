export { Database, openDatabase, type DatabaseOptions } from "./database.ts";
export {
  finalize,
  migrate,
  type MigrateOptions,
  type MigrationMode,
  pendingContracts,
} from "./migrate.ts";
export {
  type AnyTables,
  type Migration,
  type Migrations,
  type PluginMigrations,
} from "./migration.ts";
export {
  type MigrationPlan,
  type Obstacle,
  type PlannedMigration,
  planMigrations,
} from "./plan.ts";
export { lastingChanges } from "./lasting-changes.ts";
// The tables of a plugin as a whole.
export { copiesOf, type CopyName, copyTables, dropCopies, restoreTables } from "./copies.ts";
export { dropTables } from "./drop-tables.ts";
export { type Exported, exportTables } from "./export-tables.ts";
export { tablesOf } from "./owners.ts";
export { transaction } from "./transaction.ts";
export { isUniqueViolation } from "./unique-violation.ts";

// What a plugin needs of Kysely, so that it depends on one package and has one copy.
export {
  sql,
  type ColumnType,
  type Generated,
  type Insertable,
  type Kysely,
  type RawBuilder,
  type Selectable,
  type Transaction,
  type Updateable,
} from "kysely";
