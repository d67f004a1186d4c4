import type { Account } from "../accounts/account.ts";
import { Accounts, AuditService, Lockout, Roles } from "../accounts/index.ts";
import { isHTTPException, messageOf, NexusError, type ValidationError } from "../exceptions.ts";
import { inject } from "../services.ts";
import { openAccounts } from "./bare-app.ts";
import { by, operator } from "./operator.ts";

export interface Services {
  readonly accounts: Accounts;
  readonly roles: Roles;
  readonly audit: AuditService;
  readonly lockout: Lockout;
}

/** Does something to a user, says so, and logs it. */
export function change(
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
    const about = { ...operator, username: account.username, ...details };
    const said = await audit.record({ ...entry, details: about }, () => work(services, account));
    process.stdout.write(`${said}\n`);
  });
}

/** What a user can mend is said, and the exit code is 1. */
export async function withAccounts(work: (services: Services) => Promise<void>): Promise<void> {
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

function faultsOf(error: unknown): string {
  const errors = (error as Partial<ValidationError>).errors;
  return errors?.length ? errors.map(({ msg }) => msg).join("\n") : messageOf(error);
}
