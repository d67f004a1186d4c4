import { randomUUID } from "node:crypto";
import { Database } from "../database/index.ts";
import { Conflict } from "../exceptions.ts";
import { inject, Service } from "../services.ts";
import {
  type Account,
  type AccountChanges,
  type AdoptedAccount,
  type NewAccount,
  shown,
  type Which,
} from "./account.ts";
import {
  type AccountFilter,
  type AccountPage,
  type AccountQuery,
  countAccounts,
  listAccounts,
  walkAccounts,
} from "./account-list.ts";
import { ApiKeys } from "./api-keys.ts";
import { fold } from "./fold.ts";
import { OneTimeTokens } from "./one-time.ts";
import { ordinary } from "./ordinary.ts";
import { Passwords } from "./passwords.ts";
import { Sessions } from "./sessions.ts";
import type { Tables, UserRow } from "./tables.ts";
import { UserNames } from "./user-names.ts";

/** The users, and the only one who writes their table. */
export class Accounts extends Service {
  readonly #db = inject(Database<Tables>);
  readonly #names = new UserNames(this.#db);
  readonly #passwords = inject(Passwords);
  readonly #sessions = inject(Sessions);
  readonly #keys = inject(ApiKeys);
  readonly #oneTime = inject(OneTimeTokens);

  async get(id: string, which: Which = {}): Promise<Account | undefined> {
    let found = this.#db.selectFrom("nexus_users").select(shown).where("id", "=", id);
    if (which.ordinary) found = found.where(ordinary);
    return found.executeTakeFirst();
  }

  /** By username or email, in any case. */
  async find(name: string): Promise<Account | undefined> {
    const row = await this.#names.find(name);
    return row && accountOf(row);
  }

  /** The oldest first. */
  list(query: AccountQuery): Promise<AccountPage> {
    return listAccounts(this.#db, query);
  }

  /** Each of them once, the oldest first, however many there are and whoever comes and goes meanwhile. */
  walk(filter: AccountFilter = {}): AsyncGenerator<Account, void, undefined> {
    return walkAccounts(this.#db, filter);
  }

  count(filter: AccountFilter = {}): Promise<number> {
    return countAccounts(this.#db, filter);
  }

  /** @throws Conflict when the username or the email is taken; ValidationError for a poor password */
  async create(fields: NewAccount): Promise<Account> {
    const { username, email, password, full_name = null, tags, manager_id = null } = fields;
    if (fields.checkPassword !== false) this.#passwords.check(password, { username, email });
    await this.#names.refuseTaken({ username, email });
    const password_hash = await this.#passwords.hash(password);
    const now = new Date();
    return this.#insert({
      id: randomUUID(),
      username,
      email,
      full_name,
      password_hash,
      active: fields.active ?? true,
      tags: [...(tags ?? [])],
      email_verified: fields.email_verified ?? false,
      manager_id,
      created_at: now,
      updated_at: now,
    });
  }

  /**
   * Takes in a user of another table as they are: with id, dates, and the hash of their password.
   * @throws Conflict when the username, the email or the id is taken
   */
  async adopt(user: AdoptedAccount): Promise<Account> {
    const { id, username, email, full_name, password_hash, active, created_at, updated_at } = user;
    await this.#names.refuseTaken({ username, email });
    if (await this.get(id)) throw new Conflict("User already exists");
    return this.#insert({
      id,
      username,
      email,
      full_name,
      password_hash,
      active,
      tags: [...user.tags],
      email_verified: false,
      manager_id: null,
      created_at,
      updated_at,
    });
  }

  /**
   * Changes what is given, and nothing else.
   * @throws Conflict when the email is somebody else's
   */
  async update(
    id: string,
    fields: AccountChanges,
    which: Which = {},
  ): Promise<Account | undefined> {
    const before = await this.get(id, which);
    if (!before) return undefined;
    const { email, full_name, active, tags, manager_id } = fields;
    const isOther = email !== undefined && fold(email) !== fold(before.email);
    const email_verified = fields.email_verified ?? (isOther ? false : undefined);
    const changes: Partial<UserRow> = {
      ...(email !== undefined && { email, email_key: fold(email) }),
      ...(full_name !== undefined && { full_name, full_name_key: full_name && fold(full_name) }),
      ...(active !== undefined && { active }),
      ...(tags !== undefined && { tags: [...tags] }),
      ...(email_verified !== undefined && { email_verified }),
      ...(manager_id !== undefined && { manager_id }),
    };
    if (!Object.keys(changes).length) return before;
    return this.#names.unlessTaken({ email }, () =>
      this.#db.transaction().execute(async () => {
        let row = this.#db
          .updateTable("nexus_users")
          .set({ ...changes, updated_at: new Date() })
          .where("id", "=", id);
        if (which.ordinary) row = row.where(ordinary);
        const after = await row.returning(shown).executeTakeFirst();
        if (!after) return undefined;
        // Letters that went to the address before prove nothing of this one.
        if (isOther) await this.#oneTime.revoke(id);
        if (active === false) await this.#sessions.endAll(id);
        return after;
      }),
    );
  }

  /** @returns whether this has changed anything */
  async activate(id: string, which: Which = {}): Promise<boolean> {
    let row = this.#db
      .updateTable("nexus_users")
      .set({ active: true, updated_at: new Date() })
      .where("id", "=", id)
      .where("active", "=", false);
    if (which.ordinary) row = row.where(ordinary);
    return (await row.executeTakeFirst()).numUpdatedRows > 0n;
  }

  /** Sessions, keys and roles go with the user. @returns whether there was such a user */
  async delete(id: string, which: Which = {}): Promise<boolean> {
    let row = this.#db.deleteFrom("nexus_users").where("id", "=", id);
    if (which.ordinary) row = row.where(ordinary);
    return (await row.executeTakeFirst()).numDeletedRows > 0n;
  }

  /**
   * All sessions of the user end, but for one that is to be kept, and all API keys are revoked: some
   * may be of whoever knew the password before.
   * @param field what the password is called in the body
   * @throws ValidationError for a poor password
   */
  async setPassword(
    id: string,
    password: string,
    { keep, field }: { readonly keep?: string | undefined; readonly field?: string } = {},
  ): Promise<void> {
    const account = await this.get(id);
    if (!account) return;
    this.#passwords.check(password, account, field);
    const password_hash = await this.#passwords.hash(password);
    await this.#db.transaction().execute(async () => {
      await this.#db
        .updateTable("nexus_users")
        .set({ password_hash, updated_at: new Date() })
        .where("id", "=", id)
        .execute();
      await this.#oneTime.revoke(id, "reset");
      await this.#sessions.endAll(id, keep);
      await this.#keys.revokeAll(id);
    });
  }

  /**
   * Who has this name and this password, and may sign in. It takes as long for a name that nobody has.
   * @param name a username or an email
   */
  async authenticate(name: string, password: string): Promise<Account | undefined> {
    const row = await this.#names.find(name);
    const isRight = await this.#passwords.verify(password, row?.password_hash);
    if (!row || !isRight || !row.active) return undefined;
    if (this.#passwords.needsRehash(row.password_hash)) await this.#rehash(row, password);
    return accountOf(row);
  }

  /** Whether this is the password of a user who may sign in. */
  async isPassword(id: string, password: string): Promise<boolean> {
    const row = await this.#db
      .selectFrom("nexus_users")
      .select("password_hash")
      .where("id", "=", id)
      .where("active", "=", true)
      .executeTakeFirst();
    return this.#passwords.verify(password, row?.password_hash);
  }

  /** @throws Conflict */
  #insert(row: Omit<UserRow, `${string}_key`>): Promise<Account> {
    const { username, email, full_name } = row;
    return this.#names.unlessTaken({ username, email }, () =>
      this.#db
        .insertInto("nexus_users")
        .values({
          ...row,
          username_key: fold(username),
          email_key: fold(email),
          full_name_key: full_name && fold(full_name),
        })
        .returning(shown)
        .executeTakeFirstOrThrow(),
    );
  }

  async #rehash({ id, password_hash: before }: UserRow, password: string): Promise<void> {
    const password_hash = await this.#passwords.hash(password);
    await this.#db
      .updateTable("nexus_users")
      .set({ password_hash })
      .where("id", "=", id)
      .where("password_hash", "=", before)
      .execute();
  }
}

function accountOf(row: UserRow): Account {
  const entries = shown.map((column) => [column, row[column]]);
  // Of exactly the columns that an account is made of.
  return Object.fromEntries(entries) as Account;
}
