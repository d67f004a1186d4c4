import type { Identity } from "../auth/index.ts";
import { notFound, PermissionDenied } from "../exceptions.ts";
import { inject, Service } from "../services.ts";
import { boolean, date, list, nullable, object, text } from "../shape/index.ts";
import type { Out } from "../validation/index.ts";
import type { Account } from "./account.ts";
import { Accounts } from "./accounts.ts";
import { Roles } from "./roles.ts";

/** What users see of themselves. */
export type Me = Out<typeof Me>;
export const Me = object("Me", {
  id: text(),
  username: text(),
  email: text(),
  full_name: nullable(text()),
  active: boolean(),
  tags: list(text()),
  email_verified: boolean(),
  manager_id: nullable(text()),
  created_at: date(),
  updated_at: date(),
  roles: list(text()),
  permissions: list(text()),
});

/** The users that ask about themselves. */
export class Profiles extends Service {
  readonly #accounts = inject(Accounts);
  readonly #roles = inject(Roles);

  async of(user: Pick<Identity, "id">): Promise<Me> {
    const account = await this.get(user);
    const { roles, permissions } = await this.#roles.grantsOf(user.id);
    return { ...account, roles: [...roles], permissions: [...permissions] };
  }

  async get({ id }: Pick<Identity, "id">): Promise<Account> {
    return (await this.#accounts.get(id)) ?? notFound("User not found");
  }
}

/**
 * A key acts for its owner, within its permissions: it never becomes the owner.
 * @throws PermissionDenied
 */
export function refuseKeys({ apiKey }: Identity): void {
  if (apiKey === undefined) return;
  throw new PermissionDenied("An API key cannot do this: sign in", {
    errorCode: "API_KEY_REFUSED",
  });
}
