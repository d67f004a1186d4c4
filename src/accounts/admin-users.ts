import { currentUser } from "../auth/index.ts";
import { BackgroundTasks } from "../background.ts";
import { transaction } from "../database/index.ts";
import { Conflict, NotFound, PermissionDenied } from "../exceptions.ts";
import { del, get, patch, post, Routes } from "../http/index.ts";
import { inject } from "../services.ts";
import {
  boolean,
  list,
  nullable,
  object,
  optional,
  pageQuery,
  Pagination,
  text,
} from "../shape/index.ts";
import { Email, FullName, Username } from "./account.ts";
import { Accounts } from "./accounts.ts";
import { AdminUser, Subjects } from "./admin-subjects.ts";
import { AuditService } from "./audit.ts";
import { AccountLetters } from "./letters.ts";
import { RoleName } from "./permission-names.ts";
import { Roles } from "./roles.ts";

const AdminUserPage = object("AdminUserPage", {
  users: list(AdminUser),
  pagination: Pagination,
});

const Tags = list(text({ max: 100 }), 100);
const Manager = nullable(text({ max: 100, description: "The user that this one reports to" }));

const CreateUser = object("AdminCreateUser", {
  username: Username,
  email: Email,
  password: text({ max: 1024, secret: true }),
  full_name: optional(FullName, null),
  tags: optional(Tags, []),
  active: optional(boolean("Whether the user may sign in"), true),
  email_verified: optional(boolean(), false),
  manager_id: optional(Manager, null),
  roles: optional(list(RoleName, 100), []),
});

const UpdateUser = object("AdminUpdateUser", {
  email: optional(Email),
  full_name: optional(FullName),
  tags: optional(Tags),
  email_verified: optional(boolean()),
  manager_id: optional(Manager),
});

const responses = { 403: PermissionDenied, 404: NotFound };

/** The users, for those who look after them. */
export class AdminUsers extends Routes {
  readonly #accounts = inject(Accounts);
  readonly #roles = inject(Roles);
  readonly #letters = inject(AccountLetters);
  readonly #audit = inject(AuditService);
  readonly #subjects = new Subjects();

  /** List users, the oldest first. */
  list = get(
    "/",
    {
      query: {
        ...pageQuery,
        search: optional(
          text({ max: 200, description: "Part of the username, email or full name, in any case" }),
        ),
        active: optional(boolean("Only those who may sign in, or only the others")),
        role: optional(text({ max: 50, description: "Only those who have this role" })),
      },
      response: AdminUserPage,
    },
    async ({ page, per_page, search, active, role }) => {
      const found = await this.#accounts.list({ page, per_page, search, active, role });
      return { users: await this.#subjects.showAll(found.users), pagination: found.pagination };
    },
  );

  /**
   * Create a user.
   *
   * Roles can be given only by who has them, or who may do everything.
   */
  create = post(
    "/",
    {
      body: CreateUser,
      response: AdminUser,
      status: 201,
      use: { me: currentUser },
      responses: { 403: PermissionDenied, 409: Conflict },
    },
    ({ body, me }) => {
      const { password: _, ...details } = body;
      return this.#audit.record(
        (made) => ({
          action: "user.created",
          target: made && `user:${made.id}`,
          details,
        }),
        async () => {
          const { roles, ...fields } = body;
          await this.#subjects.refuseGiving(me, roles);
          await this.#subjects.refuseManager(fields.manager_id);
          const account = await this.#accounts.create(fields);
          if (roles.length) await this.#roles.setRoles(account.id, roles);
          return this.#subjects.show(account);
        },
      );
    },
  );

  /** Get one user. */
  one = get(
    "/{user_id}",
    { response: AdminUser, responses: { 404: NotFound } },
    async ({ user_id }) => this.#subjects.show(await this.#subjects.get(user_id)),
  );

  /**
   * Change a user.
   *
   * What is left out stays as it is. Another email counts as unverified, unless it is said to be
   * verified, and the one before is told. Nobody changes somebody who may do more than they may themselves.
   */
  update = patch(
    "/{user_id}",
    {
      body: UpdateUser,
      response: AdminUser,
      use: { me: currentUser, background: BackgroundTasks },
      responses: { ...responses, 409: Conflict },
    },
    ({ user_id, body, me, background }) =>
      this.#audit.record({ action: "user.updated", target: `user:${user_id}`, details: body }, () =>
        transaction(async () => {
          const before = await this.#subjects.getFor(me, user_id);
          await this.#subjects.refuseManager(body.manager_id, user_id);
          const after = await this.#accounts.update(user_id, body);
          if (after && after.email !== before.email)
            background.add(() => this.#letters.moved(before));
          return this.#subjects.show(await this.#subjects.get(user_id));
        }),
      ),
  );

  /** Delete a user, with all sessions and API keys. The last administrator stays. */
  remove = del(
    "/{user_id}",
    { status: 204, use: { me: currentUser }, responses: { ...responses, 409: Conflict } },
    async ({ user_id, me }) => {
      let username: string | undefined;
      await this.#audit.record(
        () => ({ action: "user.deleted", target: `user:${user_id}`, details: { username } }),
        () =>
          this.#roles.keepAdministrator(async () => {
            ({ username } = await this.#subjects.getFor(me, user_id));
            await this.#accounts.delete(user_id);
          }),
      );
    },
  );
}
