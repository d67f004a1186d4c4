export {
  Account,
  type AccountChanges,
  type AdoptedAccount,
  type NewAccount,
  type Which,
} from "./account.ts";
export type { AccountFilter, AccountPage, AccountQuery } from "./account-list.ts";
export { AccountSettings } from "./account-settings.ts";
export { Accounts } from "./accounts.ts";
export { type ApiKeyInfo, ApiKeys, type NewApiKey } from "./api-keys.ts";
export { type AuditEntry, type AuditPage, type AuditQuery, AuditService } from "./audit.ts";
export type { Grants } from "./grants.ts";
export { Lockout } from "./lockout.ts";
export { type Me, Profiles } from "./me.ts";
export { Passwords } from "./passwords.ts";
export { AccountsPlugin } from "./plugin.ts";
export { administrator } from "./role-rows.ts";
export { Roles } from "./roles.ts";
export { type Granted, Sessions } from "./sessions.ts";
export type { Tables } from "./tables.ts";
