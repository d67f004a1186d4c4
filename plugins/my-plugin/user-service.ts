import { emit, type Identity, inject, Service } from "nexus-platform";
import { type Account, Accounts, AuditService, type Which } from "nexus-platform/accounts";
import { userCreated } from "./events.ts";
import type { CreateUser, UpdateUser, User, UserDetails, UserPage, UserQuery } from "./schemas.ts";

/** Who asks without signing in meets nobody who has a role, a permission or an API key. */
const ordinary: Which = { ordinary: true };
/** For whoever may see and change all users. */
export const everybody: Which = {};
/** Whom somebody who has signed in may write to and take away: strangers can make accounts. */
export const visibleTo = (me: Identity): Which =>
  me.hasPermission("admin:users") ? everybody : ordinary;

type UserFilter = Partial<Pick<UserQuery, "search" | "active">>;

/** The platform's users, as this plugin shows them; ordinary ones, unless it is asked for everybody. */
export class UserService extends Service {
  #accounts = inject(Accounts);
  #audit = inject(AuditService);

  async get(userId: string, which = ordinary): Promise<UserDetails | undefined> {
    const account = await this.#accounts.get(userId, which);
    return account && detailsOf(account);
  }

  /** The oldest first. */
  async list({ page, per_page, search, active }: UserQuery, which = ordinary): Promise<UserPage> {
    const query = { page, per_page, search, active, ...which };
    const { users, pagination } = await this.#accounts.list(query);
    return { users: users.map(userOf), pagination };
  }

  /** Each of them once, the oldest first, however many there are. */
  async *walk(filter: UserFilter = {}, which = ordinary): AsyncGenerator<User> {
    for await (const account of this.#accounts.walk({ ...filter, ...which })) yield userOf(account);
  }

  count(filter: UserFilter = {}, which = ordinary): Promise<number> {
    return this.#accounts.count({ ...filter, ...which });
  }

  /** @throws Conflict when the username or the email is taken */
  async create(fields: CreateUser): Promise<User> {
    const user = userOf(await this.#accounts.create(fields));
    await this.#log("user.created", user.user_id);
    await emit(userCreated, { user_id: user.user_id, username: user.username });
    return user;
  }

  /**
   * Changes what is given, and nothing else.
   * @throws Conflict when the email is somebody else's
   */
  async update(userId: string, fields: UpdateUser): Promise<User | undefined> {
    const { email, full_name, active, tags } = fields;
    const changes = {
      email: email ?? undefined,
      full_name,
      active: active ?? undefined,
      tags: tags ?? undefined,
    };
    const account = await this.#accounts.update(userId, changes, ordinary);
    if (account) await this.#log("user.updated", userId);
    return account && userOf(account);
  }

  /** @returns whether this has changed anything */
  async activate(userId: string, which = ordinary): Promise<boolean> {
    const isChanged = await this.#accounts.activate(userId, which);
    // An administrator's is logged with more to it, by the route.
    if (isChanged && which.ordinary) await this.#log("user.activated", userId);
    return isChanged;
  }

  /** @returns whether there was such a user */
  async delete(userId: string): Promise<boolean> {
    const isDeleted = await this.#accounts.delete(userId, ordinary);
    if (isDeleted) await this.#log("user.deleted", userId);
    return isDeleted;
  }

  /** Nobody need sign in for these routes, so at least it is kept what was done from where. */
  async #log(action: string, userId: string): Promise<void> {
    await this.#audit.log({ action, target: `user:${userId}` });
  }

  /** Whether one user reports to another. */
  async isManager(managerId: string, userId: string): Promise<boolean> {
    const account = await this.#accounts.get(userId);
    return account?.manager_id === managerId;
  }
}

function userOf({ id, username, email, full_name, active, tags, ...times }: Account): User {
  const { created_at, updated_at } = times;
  return { user_id: id, username, email, full_name, active, tags, created_at, updated_at };
}

function detailsOf(account: Account): UserDetails {
  const { email_verified, manager_id } = account;
  return { ...userOf(account), email_verified, manager_id };
}
