import { type Authenticator, createIdentity, type Identity } from "../auth/index.ts";
import { NotAuthenticated } from "../exceptions.ts";
import type { Request } from "../message/index.ts";
import { inject, Service } from "../services.ts";
import { AccessTokens } from "./access-tokens.ts";
import { ApiKeys } from "./api-keys.ts";
import { refuseForged, sessionCookie } from "./csrf.ts";
import { Roles } from "./roles.ts";
import { type Live, Sessions } from "./sessions.ts";

/** Who asks: by bearer token, API key, or the cookie of a session. The first of them that is there counts. */
export class Credentials extends Service implements Authenticator {
  readonly #tokens = inject(AccessTokens);
  readonly #sessions = inject(Sessions);
  readonly #roles = inject(Roles);
  readonly #keys = inject(ApiKeys);

  async authenticate(request: Request): Promise<Identity | undefined> {
    const bearer = bearerOf(request.headers.get("authorization"));
    if (bearer?.startsWith("nx_")) return this.#byKey(bearer, "Bearer");
    if (bearer) return this.#byToken(bearer);
    const key = request.headers.get("x-api-key");
    if (key) return this.#byKey(key, "APIKey");
    const secret = request.cookies.get(sessionCookie);
    return secret ? this.#byCookie(request, secret) : undefined;
  }

  async #byToken(token: string): Promise<Identity> {
    const { sub, sid } = this.#tokens.verify(token);
    return this.#identityOf(await this.#sessions.find(sid, sub));
  }

  async #byKey(key: string, scheme: "Bearer" | "APIKey"): Promise<Identity> {
    const identity = await this.#keys.verify(key);
    if (identity) return identity;
    throw new NotAuthenticated("Invalid API key", {
      headers: { "WWW-Authenticate": scheme },
      errorCode: "API_KEY_INVALID",
    });
  }

  async #byCookie(request: Request, secret: string): Promise<Identity> {
    const live = await this.#sessions.findBySecret(secret);
    if (live) refuseForged(request, secret);
    return this.#identityOf(live);
  }

  async #identityOf(live: Live | undefined): Promise<Identity> {
    if (!live) {
      throw new NotAuthenticated("The session has ended", {
        headers: { "WWW-Authenticate": 'Bearer error="invalid_token"' },
        errorCode: "SESSION_ENDED",
      });
    }
    const { id: session, user_id: id, username } = live;
    return createIdentity({ id, username, session, ...(await this.#roles.grantsOf(id)) });
  }
}

/** Another scheme is not ours to judge: Swagger UI sends a useless Basic. */
function bearerOf(field: string | null): string | undefined {
  return /^bearer +([^\s]+) *$/i.exec(field ?? "")?.[1];
}
