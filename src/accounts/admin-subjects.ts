import type { Identity } from "../auth/index.ts";
import { HTTPException, NotFound } from "../exceptions.ts";
import { inject } from "../services.ts";
import { boolean, date, list, nullable, object, text } from "../shape/index.ts";
import type { Out } from "../validation/index.ts";
import type { Account } from "./account.ts";
import { Accounts } from "./accounts.ts";
import { refuseGivingRole, refuseTouching } from "./authority.ts";
import { Roles } from "./roles.ts";

/** A user, as administrators see one. */
export type AdminUser = Out<typeof AdminUser>;
export const AdminUser = object("AdminUser", {
  id: text(),
  username: text(),
  email: text(),
  full_name: nullable(text()),
  active: boolean("Whether the user may sign in"),
  tags: list(text()),
  email_verified: boolean(),
  manager_id: nullable(text({ description: "The user that this one reports to" })),
  roles: list(text()),
  permissions: list(text({ description: "Those that the user has without any role" })),
  created_at: date(),
  updated_at: date(),
});

/** Whom an administrator deals with. */
export class Subjects {
  readonly #accounts = inject(Accounts);
  readonly #roles = inject(Roles);

  /** @throws NotFound */
  async get(id: string): Promise<Account> {
    const account = await this.#accounts.get(id);
    if (!account) throw new NotFound("User not found");
    return account;
  }

  /** For a change. @throws NotFound; PermissionDenied where the user may do more than who asks */
  async getFor(me: Identity, id: string): Promise<Account> {
    const account = await this.get(id);
    refuseTouching(me, id, await this.#roles.readGrants(id));
    return account;
  }

  /** @throws PermissionDenied where who asks has not all of these roles; 422 for one that is not there */
  async refuseGiving(me: Identity, roles: Iterable<string>): Promise<void> {
    for (const name of roles) {
      const role = await this.#roles.get(name);
      if (!role)
        throw new HTTPException(422, `There is no role "${name}"`, { errorCode: "ROLE_UNKNOWN" });
      refuseGivingRole(me, role);
    }
  }

  /** @throws 422 where a user is to report to nobody that is known, or to themselves */
  async refuseManager(manager: string | null | undefined, id?: string): Promise<void> {
    if (manager === null || manager === undefined) return;
    if (manager === id || !(await this.#accounts.get(manager)))
      throw new HTTPException(422, "manager_id must be the id of another user");
  }

  async show(account: Account): Promise<AdminUser> {
    return (await this.showAll([account]))[0]!;
  }

  async showAll(accounts: readonly Account[]): Promise<AdminUser[]> {
    const holdings = await this.#roles.holdingsOf(accounts.map(({ id }) => id));
    return accounts.map((account) => ({ ...account, ...holdings.get(account.id)! }));
  }
}
