import type { Database } from "../database/index.ts";
import { type PageQuery, paginate, type Pagination, rangeOf } from "../shape/index.ts";
import { type Account, shown } from "./account.ts";
import { contains } from "./fold.ts";
import { ordinary } from "./ordinary.ts";
import type { Tables } from "./tables.ts";

/** Which accounts are meant; without a word, all. */
export interface AccountFilter {
  /** Part of the username, email or full name, in any case. */
  readonly search?: string | undefined;
  readonly active?: boolean | undefined;
  /** Only those who have it. */
  readonly role?: string | undefined;
  /** Only those without roles, permissions and keys. */
  readonly ordinary?: boolean | undefined;
}

export interface AccountQuery extends AccountFilter, PageQuery {}

export interface AccountPage {
  users: Account[];
  pagination: Pagination;
}

/** The oldest first. */
export async function listAccounts(
  db: Database<Tables>,
  { page, per_page, ...filter }: AccountQuery,
): Promise<AccountPage> {
  const total = await countAccounts(db, filter);
  const { offset, limit } = rangeOf(total, { page, per_page });
  const users = limit
    ? await inOrder(matching(db, filter)).limit(limit).offset(offset).execute()
    : [];
  return { users, pagination: paginate(total, { page, per_page }) };
}

export async function countAccounts(db: Database<Tables>, filter: AccountFilter): Promise<number> {
  const { total } = await matching(db, filter)
    .select(({ fn }) => fn.countAll<number>().as("total"))
    .executeTakeFirstOrThrow();
  return total;
}

/** Each of them once, the oldest first, whoever comes and goes meanwhile. */
export async function* walkAccounts(
  db: Database<Tables>,
  filter: AccountFilter,
): AsyncGenerator<Account, void, undefined> {
  for (let last: Account | undefined; ;) {
    let next = inOrder(matching(db, filter)).limit(piece);
    if (last) {
      const { created_at, id } = last;
      next = next.where((user) =>
        user.eb(user.refTuple("created_at", "id"), ">", user.tuple(created_at, id)),
      );
    }
    const users = await next.execute();
    yield* users;
    if (users.length < piece) return;
    last = users.at(-1);
  }
}

/** How many are read at a time, while nobody else can ask the database. */
const piece = 500;

function inOrder(found: ReturnType<typeof matching>) {
  return found.select(shown).orderBy("created_at").orderBy("id");
}

function matching(db: Database<Tables>, { search, active, role, ordinary: only }: AccountFilter) {
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
  return found;
}
