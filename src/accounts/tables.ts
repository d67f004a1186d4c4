import type { Generated } from "../database/index.ts";

/** The rows of accounts, as they are stored. */
export interface Tables {
  nexus_users: UserRow;
  nexus_sessions: SessionRow;
  nexus_refresh_tokens: RefreshTokenRow;
  nexus_roles: RoleRow;
  nexus_permissions: PermissionRow;
  nexus_role_permissions: { role: string; permission: string };
  nexus_user_roles: { user_id: string; role: string };
  nexus_user_permissions: { user_id: string; permission: string };
  nexus_api_keys: ApiKeyRow;
  nexus_one_time_tokens: OneTimeTokenRow;
  nexus_login_failures: LoginFailureRow;
  nexus_audit: AuditRow;
}

/** What ends in `_key` is folded, so that it is compared in any case. */
export interface UserRow {
  id: string;
  username: string;
  username_key: string;
  email: string;
  email_key: string;
  full_name: string | null;
  full_name_key: string | null;
  password_hash: string;
  active: boolean;
  tags: string[];
  email_verified: boolean;
  manager_id: string | null;
  created_at: Date;
  updated_at: Date;
}

export interface SessionRow {
  id: string;
  user_id: string;
  kind: "token" | "cookie";
  /** Of a cookie session. */
  secret_hash: string | null;
  created_at: Date;
  last_used_at: Date;
  expires_at: Date;
  revoked_at: Date | null;
  user_agent: string | null;
  address: string | null;
}

export interface RefreshTokenRow {
  hash: string;
  session_id: string;
  created_at: Date;
  expires_at: Date;
  used_at: Date | null;
}

export interface RoleRow {
  name: string;
  title: string;
  description: string;
  /** Who brought it; null where an administrator made it. */
  plugin: string | null;
}

export interface PermissionRow {
  name: string;
  description: string;
  plugin: string | null;
}

export interface ApiKeyRow {
  id: string;
  user_id: string;
  name: string;
  /** Its first characters, to tell it by. */
  prefix: string;
  hash: string;
  permissions: string[];
  expires_at: Date | null;
  last_used_at: Date | null;
  created_at: Date;
  revoked_at: Date | null;
}

export interface OneTimeTokenRow {
  hash: string;
  user_id: string;
  purpose: "reset" | "verify";
  expires_at: Date;
  used_at: Date | null;
}

export interface LoginFailureRow {
  key: string;
  count: number;
  last_at: Date;
  locked_until: Date | null;
}

export interface AuditRow {
  id: Generated<number>;
  at: Date;
  actor_id: string | null;
  actor: string | null;
  action: string;
  target: string | null;
  result: "success" | "failure";
  address: string | null;
  request_id: string | null;
  details: Record<string, unknown> | null;
}
