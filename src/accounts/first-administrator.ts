import type { Settings } from "../config/index.ts";
import { Conflict } from "../exceptions.ts";
import { currentLog } from "../log.ts";
import type { Accounts } from "./accounts.ts";
import { faultOf } from "./passwords.ts";
import { administrator } from "./role-rows.ts";
import type { Roles } from "./roles.ts";

/** Makes the administrator that the settings name; whoever is there already stays as they are. */
export async function makeFirstAdministrator(
  { user: username, password }: NonNullable<Settings["admin"]>,
  { accounts, roles }: { readonly accounts: Accounts; readonly roles: Roles },
): Promise<void> {
  const log = currentLog();
  if (await accounts.find(username)) {
    log.info(`The user "${username}" of NEXUS_ADMIN_USER is there already, and stays as it is`);
    return;
  }
  const email = username.includes("@") ? username : `${username}@localhost`;
  const fault = faultOf(password, { username, email });
  if (fault) log.warn(`NEXUS_ADMIN_PASSWORD is poor: ${fault}`);
  try {
    const fields = { username, email, password, email_verified: true, checkPassword: false };
    const { id } = await accounts.create(fields);
    await roles.grantRole(id, administrator);
    log.info(`The administrator "${username}" was made`);
  } catch (error) {
    // Of two processes that start at once the other one was first.
    if (!(error instanceof Conflict)) throw error;
    log.info(`The user "${username}" of NEXUS_ADMIN_USER is there already, and stays as it is`);
  }
}
