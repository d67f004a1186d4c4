import { currentUser, type Identity } from "../auth/index.ts";
import { transaction } from "../database/index.ts";
import { Conflict, NotFound, PermissionDenied } from "../exceptions.ts";
import { del, get, post, put, Routes } from "../http/index.ts";
import { inject } from "../services.ts";
import { date, list, nullable, object, oneOf, text } from "../shape/index.ts";
import { Accounts } from "./accounts.ts";
import { AdminUser, Subjects } from "./admin-subjects.ts";
import { AuditService } from "./audit.ts";
import { refuseGiving } from "./authority.ts";
import { Lockout } from "./lockout.ts";
import { Grant, RoleName } from "./permission-names.ts";
import { Roles } from "./roles.ts";
import { Sessions } from "./sessions.ts";

const SetPassword = object("AdminSetPassword", { password: text({ max: 1024, secret: true }) });
const SetRoles = object("AdminSetRoles", { roles: list(RoleName, 100) });
const SetPermissions = object("AdminSetPermissions", { permissions: list(Grant, 100) });
const UserSession = object("AdminUserSession", {
  id: text(),
  kind: oneOf(["token", "cookie"]),
  created_at: date(),
  last_used_at: date("To the minute"),
  expires_at: date(),
  user_agent: nullable(text()),
  address: nullable(text()),
});

const changing = {
  use: { me: currentUser },
  responses: { 403: PermissionDenied, 404: NotFound },
} as const;
const keeping = { ...changing, responses: { ...changing.responses, 409: Conflict } } as const;

/** Who may sign in, how, and what they may. */
export class AdminUserAccess extends Routes {
  readonly #accounts = inject(Accounts);
  readonly #roles = inject(Roles);
  readonly #sessions = inject(Sessions);
  readonly #lockout = inject(Lockout);
  readonly #audit = inject(AuditService);
  readonly #subjects = new Subjects();

  /** Disable a user: all sessions end, and nothing of theirs is accepted any more. The last administrator stays. */
  disable = post("/{user_id}/disable", { ...keeping, response: AdminUser }, ({ user_id, me }) =>
    this.#change(me, user_id, "user.disabled", {}, () =>
      this.#roles.keepAdministrator(() => this.#accounts.update(user_id, { active: false })),
    ),
  );

  /** Let a user sign in again. */
  enable = post("/{user_id}/enable", { ...changing, response: AdminUser }, ({ user_id, me }) =>
    this.#change(me, user_id, "user.enabled", {}, () =>
      this.#accounts.update(user_id, { active: true }),
    ),
  );

  /**
   * Set the password of somebody else, end all their sessions, and revoke all their API keys.
   *
   * One's own is changed with the old one.
   */
  password = post(
    "/{user_id}/password",
    { ...changing, body: SetPassword, status: 204 },
    async ({ user_id, body, me }) => {
      const entry = { action: "user.password_set", target: `user:${user_id}` };
      await this.#audit.record(entry, async () => {
        const { username, email } = await this.#subjects.getFor(me, user_id);
        if (me.id === user_id)
          throw new PermissionDenied("One's own password is changed with the old one");
        await this.#accounts.setPassword(user_id, body.password);
        await this.#lockout.clear(username, email);
      });
    },
  );

  /**
   * Set the roles of a user.
   *
   * Roles can be given only by who has them, or who may do everything. The last administrator stays one.
   */
  roles = put(
    "/{user_id}/roles",
    { ...keeping, body: SetRoles, response: AdminUser },
    ({ user_id, body: { roles }, me }) =>
      this.#change(me, user_id, "user.roles_set", { roles }, async () => {
        const { roles: before } = await this.#roles.readGrants(user_id);
        await this.#subjects.refuseGiving(
          me,
          roles.filter((role) => !before.includes(role)),
        );
        await this.#roles.setRoles(user_id, roles);
      }),
  );

  /**
   * Set what a user may without any role.
   *
   * Permissions can be granted only by who has them.
   */
  permissions = put(
    "/{user_id}/permissions",
    { ...changing, body: SetPermissions, response: AdminUser },
    ({ user_id, body: { permissions }, me }) =>
      this.#change(me, user_id, "user.permissions_set", { permissions }, async () => {
        const before = await this.#roles.directPermissions(user_id);
        refuseGiving(
          me,
          permissions.filter((permission) => !before.includes(permission)),
        );
        await this.#roles.setPermissions(user_id, permissions);
      }),
  );

  /** List the sessions of a user, the one that was used last first. */
  sessions = get(
    "/{user_id}/sessions",
    { response: list(UserSession), responses: { 404: NotFound } },
    async ({ user_id }) => {
      await this.#subjects.get(user_id);
      return this.#sessions.list(user_id);
    },
  );

  /** End all sessions of a user. */
  endSessions = del(
    "/{user_id}/sessions",
    { ...changing, status: 204 },
    async ({ user_id, me }) => {
      await this.#change(me, user_id, "user.sessions_ended", {}, () =>
        this.#sessions.endAll(user_id),
      );
    },
  );

  /** Who may is asked and made use of in one transaction. */
  #change(
    me: Identity,
    id: string,
    action: string,
    details: object,
    work: () => Promise<unknown>,
  ): Promise<AdminUser> {
    const entry = { action, target: `user:${id}`, details: { ...details } };
    return this.#audit.record(entry, () =>
      transaction(async () => {
        await this.#subjects.getFor(me, id);
        await work();
        return this.#subjects.show(await this.#subjects.get(id));
      }),
    );
  }
}
