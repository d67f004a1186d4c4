import { userInfo } from "node:os";
import { type Account, Email, FullName, Username } from "../accounts/account.ts";
import { Accounts, administrator, AuditService, Lockout, Roles } from "../accounts/index.ts";
import { isHTTPException, messageOf, NexusError, type ValidationError } from "../exceptions.ts";
import { inject } from "../services.ts";
import { type Schema, validatorOf } from "../validation/index.ts";
import { openAccounts } from "./load.ts";
import { choosePassword, type PasswordOptions, tell } from "./password.ts";

export interface GrantOptions {
  readonly admin?: boolean;
  readonly role: readonly string[];
  readonly permission: readonly string[];
}

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
    for (const role of given.roles) await known(roles, role);
    await audit.record(
      (made: Account | undefined) => ({
        ...by("user.created", made && `user:${made.id}`),
        details: { ...who, username, email, ...given },
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
      return `Set the password of ${username}; all sessions have ended.`;
    },
  );
  if (!process.exitCode) tell(chosen);
}

export async function grant(name: string, options: GrantOptions): Promise<void> {
  const given = grantsOf(options);
  refuseNothing("grant", given);
  await change(name, "user.granted", given, async ({ roles }, { id, username }) => {
    for (const role of given.roles) await known(roles, role);
    await give(roles, id, given);
    return `${username} has ${wordsOf(given)}.`;
  });
}

export async function revoke(name: string, options: GrantOptions): Promise<void> {
  const taken = grantsOf(options);
  refuseNothing("revoke", taken);
  await change(name, "user.revoked", taken, async ({ roles }, { id, username }) => {
    const missing: string[] = [];
    for (const role of taken.roles)
      if (!(await roles.revokeRole(id, role))) missing.push(`the role ${role}`);
    for (const permission of taken.permissions)
      if (!(await roles.revokePermission(id, permission)))
        missing.push(`${permission} of their own`);
    if (!missing.length) return `${username} has no longer ${wordsOf(taken)}.`;
    throw new NexusError("NX_USER", `${username} has not ${missing.join(", ")}.`, {
      cure: "`nexus user list` shows what users have.",
    });
  });
}

interface Services {
  readonly accounts: Accounts;
  readonly roles: Roles;
  readonly audit: AuditService;
  readonly lockout: Lockout;
}

interface Given {
  readonly roles: readonly string[];
  readonly permissions: readonly string[];
}

/** Does something to a user, says so, and logs it. */
function change(
  name: string,
  action: string,
  details: object,
  work: (services: Services, account: Account) => Promise<string>,
): Promise<void> {
  return withAccounts(async (services) => {
    const { accounts, audit } = services;
    const account = (await accounts.find(name)) ?? (await accounts.get(name));
    if (!account) {
      throw new NexusError("NX_USER", `There is no user "${name}".`, {
        cure: "Give a username, an email or an id; `nexus user list` shows them.",
      });
    }
    const entry = by(action, `user:${account.id}`);
    const about = { ...who, username: account.username, ...details };
    const said = await audit.record({ ...entry, details: about }, () => work(services, account));
    process.stdout.write(`${said}\n`);
  });
}

/** What a user can mend is said, and the exit code is 1. */
async function withAccounts(work: (services: Services) => Promise<void>): Promise<void> {
  const app = await openAccounts(process.cwd());
  try {
    await app.run(() =>
      work({
        accounts: inject(Accounts),
        roles: inject(Roles),
        audit: inject(AuditService),
        lockout: inject(Lockout),
      }),
    );
  } catch (error) {
    if (!isHTTPException(error)) throw error;
    process.stderr.write(`${faultsOf(error)}\n`);
    process.exitCode = 1;
  } finally {
    await app.close();
  }
}

async function give(roles: Roles, id: string, given: Given): Promise<void> {
  for (const role of given.roles) await roles.grantRole(id, role);
  for (const permission of given.permissions) await roles.grantPermission(id, permission);
}

async function known(roles: Roles, name: string): Promise<void> {
  if (await roles.get(name)) return;
  const { roles: some } = await roles.list({ page: 1, per_page: 20 });
  throw new NexusError("NX_USER", `There is no role "${name}".`, {
    cure: `Known are ${some.map((role) => role.name).join(", ")}; plugins bring theirs when the app runs.`,
  });
}

function grantsOf({ admin, role, permission }: GrantOptions): Given {
  return { roles: [...role, ...(admin ? [administrator] : [])], permissions: permission };
}

function refuseNothing(command: string, { roles, permissions }: Given): void {
  if (roles.length || permissions.length) return;
  throw new NexusError("NX_USER", `nexus user ${command} was told nothing to ${command}.`, {
    cure: "Add --role <name>, --permission <name> or --admin.",
  });
}

function wordsOf({ roles, permissions }: Given): string {
  return [...roles.map((role) => `the role ${role}`), ...permissions].join(", ");
}

/** A username has no space, so nobody is called like this. */
function by(action: string, target: string | undefined) {
  return { action, target, actor: { username: "command line" } };
}

const who = { operator: operator() };

function operator(): string {
  try {
    return userInfo().username;
  } catch {
    // In some containers the user has no name.
    return String(process.getuid?.() ?? "unknown");
  }
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

function faultsOf(error: unknown): string {
  const errors = (error as Partial<ValidationError>).errors;
  return errors?.length ? errors.map(({ msg }) => msg).join("\n") : messageOf(error);
}

function tableOf(rows: readonly (readonly string[])[]): string {
  const widths = [0, 1, 2].map((column) => Math.max(0, ...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join("");
}
