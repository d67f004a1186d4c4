import { currentUser } from "../auth/index.ts";
import { HTTPException, NotFound, notFound, PermissionDenied } from "../exceptions.ts";
import { del, get, post, Routes } from "../http/index.ts";
import { inject } from "../services.ts";
import { date, integer, list, nullable, object, optional, text } from "../shape/index.ts";
import { ApiKeys } from "./api-keys.ts";
import { AuditService } from "./audit.ts";
import { refuseGiving } from "./authority.ts";
import { refuseKeys } from "./me.ts";
import { Grant } from "./permission-names.ts";

const fields = {
  id: text(),
  name: text(),
  prefix: text({ description: "How the key begins, to tell it by" }),
  permissions: list(text()),
  expires_at: nullable(date()),
  last_used_at: nullable(date("To the minute")),
  created_at: date(),
};
const ApiKey = object("ApiKey", fields);
const CreatedApiKey = object("CreatedApiKey", {
  ...fields,
  key: text({ description: "The key itself; it is shown this once" }),
});
const CreateApiKey = object("CreateApiKey", {
  name: text({ min: 1, max: 100, description: "What it is for" }),
  permissions: optional(list(Grant, 100), ["*"]),
  expires_in: optional(nullable(integer({ min: 1, max: 3_153_600_000, description: "Seconds" }))),
  expires_at: optional(nullable(date("Instead of expires_in"))),
});

/** Keys for programs that act for a user. */
export class ApiKeyRoutes extends Routes {
  readonly #keys = inject(ApiKeys);
  readonly #audit = inject(AuditService);

  /**
   * Create an API key.
   *
   * It is shown in this answer and never again. Programs send it as `X-API-Key` or as a bearer token.
   * It may what its permissions say, as long as its owner may that too; by default all that its
   * owner may.
   */
  create = post(
    "/keys",
    {
      body: CreateApiKey,
      response: CreatedApiKey,
      status: 201,
      use: { me: currentUser },
      responses: { 403: PermissionDenied },
    },
    ({ body, me }) => {
      const { name, permissions, expires_in, expires_at } = body;
      const about = { name, permissions, expires_at: expires_at ?? null };
      return this.#audit.record(
        (made) => ({
          action: "key.created",
          ...(made && { target: `key:${made.id}` }),
          details: { ...about, ...(made && { expires_at: made.expires_at }) },
        }),
        async () => {
          refuseKeys(me);
          // "*" is whatever the owner may, and so nothing that must be had.
          refuseGiving(
            me,
            permissions.filter((permission) => permission !== "*"),
          );
          const expiresAt = expiryOf(expires_in ?? undefined, expires_at ?? undefined);
          const { key, info } = await this.#keys.create(me.id, { name, permissions, expiresAt });
          return { ...info, key };
        },
      );
    },
  );

  /** List your API keys. */
  list = get(
    "/keys",
    { response: list(ApiKey), use: { me: currentUser }, responses: { 403: PermissionDenied } },
    ({ me }) => {
      refuseKeys(me);
      return this.#keys.list(me.id);
    },
  );

  /** Revoke an API key: it is refused from now on. */
  revoke = del(
    "/keys/{key_id}",
    {
      status: 204,
      use: { me: currentUser },
      responses: { 403: PermissionDenied, 404: NotFound },
    },
    async ({ key_id, me }) => {
      await this.#audit.record({ action: "key.revoked", target: `key:${key_id}` }, async () => {
        refuseKeys(me);
        if (!(await this.#keys.revoke(me.id, key_id))) notFound("API key not found");
      });
    },
  );
}

function expiryOf(seconds: number | undefined, at: Date | undefined): Date | undefined {
  if (seconds !== undefined && at)
    throw new HTTPException(422, "Give expires_in or expires_at, not both");
  if (at && at.getTime() <= Date.now())
    throw new HTTPException(422, "expires_at must lie in the future");
  return seconds === undefined ? at : new Date(Date.now() + seconds * 1000);
}
