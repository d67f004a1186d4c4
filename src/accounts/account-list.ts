import type { Database } from "../database/index.ts";
import { type Account, shown } from "./account.ts";
import { contains } from "./fold.ts";
import { type PageQuery, paginate, type Pagination, rangeOf } from "./page.ts";
import { ordinary } from "./ordinary.ts";
import type { Tables } from "./tables.ts";

export interface AccountQuery extends PageQuery {
  /** Part of the username, email or full name, in any case. */
  readonly search?: string | undefined;
  readonly active?: boolean | undefined;
  /** Only those who have it. */
  readonly role?: string | undefined;
  /** Only those without roles, permissions and keys. */
  readonly ordinary?: boolean | undefined;
}

export interface AccountPage {
  users: Account[];
  pagination: Pagination;
}

/** The oldest first. */
export async function listAccounts(
  db: Database<Tables>,
  { search, active, role, ordinary: only, ...page }: AccountQuery,
): Promise<AccountPage> {
  let found = db.selectFrom("nexus_users");
  if (active !== undefined) found = found.where("active", "=", active);
  if (only) found = found.where(ordinary);
  if (role !== undefined) {
    found = found.where((user) =>
      user.exists(
        user
          .selectFrom("nexus_user_roles")
          .select("role")
          .whereRef("user_id", "=", "nexus_users.id")
          .where("role", "=", role),
      ),
    );
  }
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
  const { offset, limit } = rangeOf(total, page);
  const users = limit
    ? await found
        .select(shown)
        .orderBy("created_at")
        .orderBy("id")
        .limit(limit)
        .offset(offset)
        .execute()
    : [];
  return { users, pagination: paginate(total, page) };
}
