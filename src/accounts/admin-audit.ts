import { get, Routes } from "../http/index.ts";
import { inject } from "../services.ts";
import {
  anything,
  date,
  integer,
  list,
  nullable,
  object,
  oneOf,
  optional,
  pageQuery,
  Pagination,
  text,
} from "../shape/index.ts";
import { AuditService } from "./audit.ts";

const AuditEntry = object("AuditEntry", {
  id: integer(),
  at: date(),
  actor_id: nullable(text()),
  actor: nullable(
    text({ description: "The username at that time; null where nobody was signed in" }),
  ),
  action: text(),
  target: nullable(text()),
  result: oneOf(["success", "failure"]),
  address: nullable(text()),
  request_id: nullable(text()),
  details: nullable(anything()),
});
const AuditPage = object("AuditPage", { entries: list(AuditEntry), pagination: Pagination });

/** What was changed, by whom. */
export class AdminAudit extends Routes {
  readonly #audit = inject(AuditService);

  /** Read the audit log, the newest first. */
  list = get(
    "/",
    {
      query: {
        ...pageQuery,
        actor: optional(text({ max: 100, description: "An id or a username" })),
        action: optional(
          text({ max: 100, description: "As user.disabled; user stands for all that begin so" }),
        ),
        target: optional(text({ max: 200, description: "As user:<id> or role:editor" })),
        result: optional(oneOf(["success", "failure"])),
        since: optional(date("Not before")),
        until: optional(date("Before")),
      },
      response: AuditPage,
    },
    ({ page, per_page, actor, action, target, result, since, until }) =>
      this.#audit.list({ page, per_page, actor, action, target, result, since, until }),
  );
}
