import { currentUser, type Identity } from "../auth/index.ts";
import { transaction } from "../database/index.ts";
import { Conflict, NotFound, notFound, PermissionDenied } from "../exceptions.ts";
import { del, get, patch, post, Routes } from "../http/index.ts";
import { inject } from "../services.ts";
import { list, nullable, object, optional, pageQuery, Pagination, text } from "../shape/index.ts";
import { AuditService } from "./audit.ts";
import { refuseGiving } from "./authority.ts";
import { Grant, RoleName } from "./permission-names.ts";
import { Roles } from "./roles.ts";

const Role = object("Role", {
  name: text(),
  title: text(),
  description: text(),
  plugin: nullable(text({ description: "The plugin that brought it" })),
  permissions: list(text()),
});
const RolePage = object("RolePage", { roles: list(Role), pagination: Pagination });

const Title = text({ min: 1, max: 100 });
const Description = text({ max: 500 });
const CreateRole = object("CreateRole", {
  name: RoleName,
  title: optional(Title),
  description: optional(Description, ""),
  permissions: optional(list(Grant, 100), []),
});
const UpdateRole = object("UpdateRole", {
  title: optional(Title),
  description: optional(Description),
  permissions: optional(list(Grant, 100)),
});

const responses = { 403: PermissionDenied, 404: NotFound, 409: Conflict };

/** Roles: names for what several users may. */
export class AdminRoles extends Routes {
  readonly #roles = inject(Roles);
  readonly #audit = inject(AuditService);

  /** List roles, by name. */
  list = get(
    "/",
    {
      query: {
        ...pageQuery,
        search: optional(text({ max: 200, description: "Part of what is said of it" })),
      },
      response: RolePage,
    },
    ({ page, per_page, search }) => this.#roles.list({ page, per_page, search }),
  );

  /** Create a role, of permissions that one has oneself. */
  create = post(
    "/",
    {
      body: CreateRole,
      response: Role,
      status: 201,
      use: { me: currentUser },
      responses: { 403: PermissionDenied, 409: Conflict },
    },
    ({ body: { name, ...fields }, me }) =>
      this.#audit.record(
        { action: "role.created", target: `role:${name}`, details: fields },
        async () => {
          refuseGiving(me, fields.permissions);
          return this.#roles.create(name, fields);
        },
      ),
  );

  /** Get one role. */
  one = get(
    "/{name}",
    { response: Role, responses: { 404: NotFound } },
    async ({ name }) => (await this.#roles.get(name)) ?? notFound("Role not found"),
  );

  /**
   * Change a role that allows no more than one may oneself.
   *
   * What is left out stays as it is.
   */
  update = patch(
    "/{name}",
    { body: UpdateRole, response: Role, use: { me: currentUser }, responses },
    ({ name, body, me }) =>
      this.#audit.record({ action: "role.updated", target: `role:${name}`, details: body }, () =>
        transaction(async () => {
          await this.#refuseChanging(me, name);
          refuseGiving(me, body.permissions ?? []);
          return this.#roles.update(name, body);
        }),
      ),
  );

  /** Delete a role: whoever has it loses it. */
  remove = del(
    "/{name}",
    { status: 204, use: { me: currentUser }, responses },
    async ({ name, me }) => {
      await this.#audit.record({ action: "role.deleted", target: `role:${name}` }, () =>
        transaction(async () => {
          await this.#refuseChanging(me, name);
          await this.#roles.delete(name);
        }),
      );
    },
  );

  /** @throws NotFound; PermissionDenied where it allows what who asks may not */
  async #refuseChanging(me: Identity, name: string): Promise<void> {
    const role = (await this.#roles.get(name)) ?? notFound("Role not found");
    refuseGiving(me, role.permissions);
  }
}
