import { type Database, isUniqueViolation } from "../database/index.ts";
import { Conflict, NotFound } from "../exceptions.ts";
import { type PageQuery, paginate, type Pagination, rangeOf } from "../shape/index.ts";
import { contains } from "./fold.ts";
import { refuseNoPermission } from "./permission-names.ts";
import type { PermissionRow, Tables } from "./tables.ts";

export interface PermissionPage {
  permissions: PermissionRow[];
  pagination: Pagination;
}

/** The permissions that somebody has described: plugins bring theirs, administrators add their own. */
export class KnownPermissions {
  readonly #db: Database<Tables>;
  readonly #brought: ReadonlyMap<string, readonly string[]>;

  /** @param brought those of the plugins that run, by plugin */
  constructor(db: Database<Tables>, brought: ReadonlyMap<string, readonly string[]>) {
    this.#db = db;
    this.#brought = brought;
  }

  /** By name. */
  async list({
    search,
    plugin,
    ...page
  }: PageQuery & {
    search?: string | undefined;
    plugin?: string | undefined;
  }): Promise<PermissionPage> {
    const brought = [...this.#brought].map(([owner, names]) => ({ owner, names: [...names, ""] }));
    let found = this.#db
      .selectFrom("nexus_permissions")
      .where((one) =>
        one.or([
          one("plugin", "is", null),
          ...brought.map(({ owner, names }) =>
            one.and([one("plugin", "=", owner), one("name", "in", names)]),
          ),
        ]),
      );
    if (plugin !== undefined) found = found.where("plugin", "=", plugin);
    if (search) {
      found = found.where((one) =>
        one.or([contains("name", search), contains("description", search)]),
      );
    }
    const { total } = await found
      .select(({ fn }) => fn.countAll<number>().as("total"))
      .executeTakeFirstOrThrow();
    const { offset, limit } = rangeOf(total, page);
    const rows = found.selectAll().orderBy("name").limit(limit).offset(offset);
    return { permissions: await rows.execute(), pagination: paginate(total, page) };
  }

  /** @throws Conflict when it is known already */
  async create(name: string, description = ""): Promise<PermissionRow> {
    refuseNoPermission(name);
    const permission = { name, description, plugin: null };
    try {
      await this.#db.insertInto("nexus_permissions").values(permission).execute();
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      throw new Conflict("Permission already exists", { errorCode: "PERMISSION_EXISTS" });
    }
    return permission;
  }

  /** Forgets its description; who has been granted it keeps it. @throws NotFound, Conflict for a plugin's */
  async delete(name: string): Promise<void> {
    const known = await this.#db
      .selectFrom("nexus_permissions")
      .select("plugin")
      .where("name", "=", name)
      .executeTakeFirst();
    if (!known) throw new NotFound("Permission not found");
    if (known.plugin !== null) {
      throw new Conflict(`The plugin "${known.plugin}" brings this permission`, {
        errorCode: "PERMISSION_OF_PLUGIN",
      });
    }
    await this.#db
      .deleteFrom("nexus_permissions")
      .where("name", "=", name)
      .where("plugin", "is", null)
      .execute();
  }
}
