import { currentUser } from "../auth/index.ts";
import { NotFound, notFound, PermissionDenied } from "../exceptions.ts";
import { del, get, Routes } from "../http/index.ts";
import { inject } from "../services.ts";
import { boolean, date, list, nullable, object, oneOf, text } from "../shape/index.ts";
import { AuditService } from "./audit.ts";
import { refuseKeys } from "./me.ts";
import { Message } from "./message.ts";
import { Sessions } from "./sessions.ts";

const Session = object("Session", {
  id: text(),
  kind: oneOf(["token", "cookie"]),
  created_at: date(),
  last_used_at: date("To the minute"),
  expires_at: date(),
  user_agent: nullable(text()),
  address: nullable(text()),
  current: boolean("Whether this request belongs to it"),
});

/** Where one is signed in. */
export class SessionRoutes extends Routes {
  readonly #sessions = inject(Sessions);
  readonly #audit = inject(AuditService);

  /** List where you are signed in; what was used last comes first. */
  list = get(
    "/sessions",
    { use: { me: currentUser }, response: list(Session), responses: { 403: PermissionDenied } },
    async ({ me }) => {
      refuseKeys(me);
      const sessions = await this.#sessions.list(me.id);
      return sessions.map((session) => ({ ...session, current: session.id === me.session }));
    },
  );

  /** End one of your sessions: its tokens are refused from now on. */
  end = del(
    "/sessions/{session_id}",
    {
      use: { me: currentUser },
      response: Message,
      responses: { 403: PermissionDenied, 404: NotFound },
    },
    async ({ session_id, me }) => {
      refuseKeys(me);
      if (!(await this.#sessions.end(session_id, me.id))) notFound("Session not found");
      await this.#audit.log({ action: "session.revoked", target: `session:${session_id}` });
      return { message: "Session ended" };
    },
  );
}
