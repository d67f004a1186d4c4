import { currentUser, dependency, PermissionDenied } from "nexus-platform";
import { z } from "zod";
import { UserService } from "./user-service.ts";

/** Lets those pass who may see the user of the path: administrators, the user, and their manager. */
export const checkUserAccess = dependency(
  {
    path: { user_id: z.string() },
    use: { me: currentUser, users: UserService },
    documents: { responses: { 403: PermissionDenied } },
  },
  async ({ user_id, me, users }) => {
    if (me.hasPermission("admin:users") || me.id === user_id) return;
    // Also of a user that is not there: who may not see it does not learn that.
    if (await users.isManager(me.id, user_id)) return;
    throw new PermissionDenied("You don't have permission to access this user");
  },
);
