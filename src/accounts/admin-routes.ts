import { mount, Routes } from "../http/index.ts";
import { AdminAudit } from "./admin-audit.ts";
import { AdminPermissions } from "./admin-permissions.ts";
import { AdminRoles } from "./admin-roles.ts";
import { AdminUserAccess } from "./admin-user-access.ts";
import { AdminUsers } from "./admin-users.ts";

const tags = ["Administration"];

/** All that administrators do with accounts. */
export class AdminRoutes extends Routes {
  users: AdminUsers = mount("/admin/users", AdminUsers, { permission: "admin:users", tags });
  access: AdminUserAccess = mount("/admin/users", AdminUserAccess, {
    permission: "admin:users",
    tags,
  });
  roles: AdminRoles = mount("/admin/roles", AdminRoles, { permission: "admin:roles", tags });
  permissions: AdminPermissions = mount("/admin/permissions", AdminPermissions, {
    permission: "admin:roles",
    tags,
  });
  audit: AdminAudit = mount("/admin/audit", AdminAudit, { permission: "admin:audit", tags });
}

/** What they open, for `static permissions` of the plugin. */
export const adminPermissions = {
  "admin:users": "Create, change, disable and delete users, and give them roles",
  "admin:roles": "Create, change and delete roles and permissions",
  "admin:audit": "Read the audit log",
} as const;
