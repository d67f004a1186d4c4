import { emit, inject, Service } from "nexus-platform";
import { type Account, Accounts, type Which } from "nexus-platform/accounts";
import { userCreated } from "./events.ts";
import type { CreateUser, UpdateUser, User, UserDetails, UserPage, UserQuery } from "./schemas.ts";

/** Who asks without signing in meets nobody who has a role, a permission or an API key. */
const ordinary: Which = { ordinary: true };
/** For whoever may see and change all users. */
export const everybody: Which = {};

/** The platform's users, as this plugin shows them; ordinary ones, unless it is asked for everybody. */
export class UserService extends Service {
  #accounts = inject(Accounts);

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

  /** @throws Conflict when the username or the email is taken */
  async create(fields: CreateUser): Promise<User> {
    const user = userOf(await this.#accounts.create(fields));
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
    return account && userOf(account);
  }

  /** @returns whether this has changed anything */
  activate(userId: string, which = ordinary): Promise<boolean> {
    return this.#accounts.activate(userId, which);
  }

  /** @returns whether there was such a user */
  delete(userId: string): Promise<boolean> {
    return this.#accounts.delete(userId, ordinary);
  }

  /** Whether one user reports to another. */
  async isManager(managerId: string, userId: string): Promise<boolean> {
    const account = await this.#accounts.get(userId);
    return account?.manager_id === managerId;
  }

  /** How many there are. */
  async count(active?: boolean): Promise<number> {
    const { pagination } = await this.#accounts.list({ page: 1, per_page: 1, active });
    return pagination.total;
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
