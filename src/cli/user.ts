import { type Account, Email, FullName, Username } from "../accounts/account.ts";
import { refuseNoGrant } from "../accounts/permission-names.ts";
import { NexusError } from "../exceptions.ts";
import { type Schema, validatorOf } from "../validation/index.ts";
import { by, operator } from "./operator.ts";
import { choosePassword, type PasswordOptions, tell } from "./password.ts";
import { tableOf } from "./table.ts";
import { change, withAccounts } from "./user-changes.ts";
import { give, type GrantOptions, grantsOf, refuseUnknown } from "./user-grants.ts";

export interface CreateOptions extends GrantOptions, PasswordOptions {
  readonly email: string;
  readonly fullName?: string;
}

/** Prints every user: name, email, whether they may sign in, and their roles. */
export function listUsers(options: { search?: string; role?: string }): Promise<void> {
  return withAccounts(async ({ accounts, roles }) => {
    const rows: string[][] = [];
    for (let page = 1, more = true; more; page++) {
      const found = await accounts.list({ page, per_page: 100, ...options });
      const holdings = await roles.holdingsOf(found.users.map(({ id }) => id));
      for (const { id, username, email, active } of found.users) {
        const held = holdings.get(id)!;
        const may = [...held.roles, ...held.permissions].join(" ");
        rows.push([username, email, active ? "active" : "disabled", may]);
      }
      more = found.pagination.has_next;
    }
    process.stdout.write(tableOf(rows));
  });
}

export async function createUser(username: string, options: CreateOptions): Promise<void> {
  const { email, fullName } = options;
  await check({ username: Username, email: Email, "full name": FullName }, [
    username,
    email,
    fullName ?? null,
  ]);
  const chosen = await choosePassword(options);
  await withAccounts(async ({ accounts, roles, audit }) => {
    const given = grantsOf(options);
    // Before the user is there, who would else be left without what was to be given.
    refuseNoGrant(given.permissions);
    await refuseUnknown(roles, given);
    await audit.record(
      (made: Account | undefined) => ({
        ...by("user.created", made && `user:${made.id}`),
        details: { ...operator, username, email, ...given },
      }),
      async () => {
        const { password } = chosen;
        const fields = { username, email, password, full_name: fullName ?? null };
        const account = await accounts.create({ ...fields, email_verified: true });
        await give(roles, account.id, given);
        return account;
      },
    );
    process.stdout.write(`Created ${username}.\n`);
    tell(chosen);
  });
}

export function disableUser(name: string): Promise<void> {
  return change(name, "user.disabled", {}, async ({ accounts, roles }, { id, username }) => {
    await roles.keepAdministrator(() => accounts.update(id, { active: false }));
    return `Disabled ${username}.`;
  });
}

export function enableUser(name: string): Promise<void> {
  return change(name, "user.enabled", {}, async ({ accounts }, { id, username }) => {
    await accounts.update(id, { active: true });
    return `Enabled ${username}.`;
  });
}

export async function resetPassword(name: string, options: PasswordOptions): Promise<void> {
  const chosen = await choosePassword(options);
  await change(
    name,
    "user.password_set",
    {},
    async ({ accounts, lockout }, { id, username, email }) => {
      await accounts.setPassword(id, chosen.password);
      await lockout.clear(username, email);
      return `Set the password of ${username}; all sessions and API keys have ended.`;
    },
  );
  if (!process.exitCode) tell(chosen);
}

/** @throws NX_USER with all faults */
async function check(
  schemas: Readonly<Record<string, Schema>>,
  values: readonly unknown[],
): Promise<void> {
  const faults: string[] = [];
  for (const [at, [name, schema]] of Object.entries(schemas).entries()) {
    const { issues = [] } = await validatorOf(schema)(values[at]);
    for (const { message } of issues) faults.push(`The ${name} does not fit: ${message}.`);
  }
  if (faults.length) throw new NexusError("NX_USER", faults.join("\n"));
}
