export { Database, openDatabase, type DatabaseOptions } from "./database.ts";
export { migrate, type AnyTables, type Migration, type Migrations } from "./migrate.ts";
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
