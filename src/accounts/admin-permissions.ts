import { Conflict, NotFound } from "../exceptions.ts";
import { del, get, post, Routes } from "../http/index.ts";
import { inject } from "../services.ts";
import { list, nullable, object, optional, pageQuery, Pagination, text } from "../shape/index.ts";
import { AuditService } from "./audit.ts";
import { Permission as PermissionName } from "./permission-names.ts";
import { Roles } from "./roles.ts";

const Permission = object("Permission", {
  name: text(),
  description: text(),
  plugin: nullable(text({ description: "The plugin that brought it" })),
});
const PermissionPage = object("PermissionPage", {
  permissions: list(Permission),
  pagination: Pagination,
});
const CreatePermission = object("CreatePermission", {
  name: PermissionName,
  description: optional(text({ max: 500 }), ""),
});

/** The permissions that are known, with what each allows. */
export class AdminPermissions extends Routes {
  readonly #permissions = inject(Roles).permissions;
  readonly #audit = inject(AuditService);

  /** List the permissions that plugins have brought and administrators have described. */
  list = get(
    "/",
    {
      query: {
        ...pageQuery,
        search: optional(text({ max: 200, description: "Part of the name or description" })),
        plugin: optional(text({ max: 100, description: "Only those that it brought" })),
      },
      response: PermissionPage,
    },
    ({ page, per_page, search, plugin }) =>
      this.#permissions.list({ page, per_page, search, plugin }),
  );

  /** Describe a permission of one's own. */
  create = post(
    "/",
    { body: CreatePermission, response: Permission, status: 201, responses: { 409: Conflict } },
    ({ body: { name, description } }) =>
      this.#audit.record(
        { action: "permission.created", target: `permission:${name}`, details: { description } },
        () => this.#permissions.create(name, description),
      ),
  );

  /** Forget a permission of one's own. Who has been granted it keeps it. */
  remove = del(
    "/{name}",
    { status: 204, responses: { 404: NotFound, 409: Conflict } },
    async ({ name }) => {
      await this.#audit.record({ action: "permission.deleted", target: `permission:${name}` }, () =>
        this.#permissions.delete(name),
      );
    },
  );
}
