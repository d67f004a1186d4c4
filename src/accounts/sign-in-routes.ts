import { currentUser } from "../auth/index.ts";
import { NotAuthenticated, PermissionDenied, RateLimited } from "../exceptions.ts";
import { post, Routes } from "../http/index.ts";
import { inject } from "../services.ts";
import { integer, object, oneOf, optional, text } from "../shape/index.ts";
import { AuditService } from "./audit.ts";
import { refuseKeys } from "./me.ts";
import { Message } from "./message.ts";
import { Sessions } from "./sessions.ts";
import { SignIn } from "./sign-in.ts";

const Tokens = object("Tokens", {
  access_token: text({ description: "Send it as `Authorization: Bearer …`" }),
  token_type: oneOf(["bearer"]),
  expires_in: integer({ description: "Seconds that the access token is good for" }),
  refresh_token: text({ description: "Gets new tokens, once" }),
});

const Refresh = object("Refresh", { refresh_token: text({ max: 200, secret: true }) });

/** Signing in and out, for clients that keep tokens. */
export class SignInRoutes extends Routes {
  readonly #signIn = inject(SignIn);
  readonly #sessions = inject(Sessions);
  readonly #audit = inject(AuditService);

  /**
   * Sign in.
   *
   * OAuth2's password form: tokens for a username, or an email, and a password.
   */
  login = post(
    "/login",
    {
      form: {
        grant_type: optional(oneOf(["password"])),
        username: text({ min: 1, max: 254, description: "Or the email" }),
        password: text({ min: 1, max: 1024, secret: true }),
        scope: optional(text({ description: "Not used" })),
        client_id: optional(text({ description: "Not used" })),
        client_secret: optional(text({ secret: true, description: "Not used" })),
      },
      response: Tokens,
      responses: { 401: NotAuthenticated, 429: RateLimited },
      rateLimit: { requests: 30, window: 60, by: "address" },
    },
    async ({ username, password }) => {
      const { id } = await this.#signIn.check(username, password);
      return this.#sessions.signIn(id);
    },
  );

  /**
   * Get new tokens for a refresh token.
   *
   * Each refresh token is good once. One that comes a second time was stolen, from one of the two who
   * have it: the session ends, and both have to sign in.
   */
  refresh = post(
    "/refresh",
    {
      body: Refresh,
      response: Tokens,
      responses: { 401: NotAuthenticated, 429: RateLimited },
      rateLimit: { requests: 60, window: 60, by: "address" },
    },
    async ({ body }) => {
      const granted = await this.#sessions.refresh(body.refresh_token);
      if (granted) return granted;
      throw new NotAuthenticated("Invalid refresh token", { errorCode: "TOKEN_INVALID" });
    },
  );

  /** Sign out: the session of this token ends, and its refresh token with it. */
  logout = post(
    "/logout",
    { use: { me: currentUser }, response: Message, responses: { 403: PermissionDenied } },
    async ({ me }) => {
      refuseKeys(me);
      if (me.session !== undefined) await this.#sessions.end(me.session, me.id);
      await this.#audit.log({ action: "auth.logout", target: `user:${me.id}` });
      return { message: "Logged out" };
    },
  );
}
