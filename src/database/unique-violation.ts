/** Whether a query failed because another row has the same value in a unique column. */
export function isUniqueViolation(error: unknown): boolean {
  if (typeof error !== "object" || error === null) return false;
  const { errcode, code } = error as { errcode?: unknown; code?: unknown };
  return errcode === sqliteUnique || errcode === sqlitePrimaryKey || code === postgresUnique;
}

const sqliteUnique = 2067;
const sqlitePrimaryKey = 1555;
const postgresUnique = "23505";
