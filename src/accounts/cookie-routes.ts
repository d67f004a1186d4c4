import { NotAuthenticated, PermissionDenied, RateLimited } from "../exceptions.ts";
import { del, JSONResponse, post, type Response, Routes } from "../http/index.ts";
import { inject } from "../services.ts";
import { date, object, text } from "../shape/index.ts";
import { AuditService } from "./audit.ts";
import { csrfCookie, csrfTokenOf, refuseForged, refuseOtherSite, sessionCookie } from "./csrf.ts";
import { Me, Profiles } from "./me.ts";
import { Message } from "./message.ts";
import { sessionLifetime } from "./session-row.ts";
import { Sessions } from "./sessions.ts";
import { SignIn } from "./sign-in.ts";

const Credentials = object("Credentials", {
  username: text({ min: 1, max: 254, description: "Or the email" }),
  password: text({ min: 1, max: 1024, secret: true }),
});
const CookieSession = object("CookieSession", {
  user: Me,
  csrf_token: text({
    description:
      "Send it as `X-CSRF-Token` with whatever changes something; also a cookie, `nexus_csrf`",
  }),
  expires_at: date(),
});

/** Signing in and out, for pages in a browser: its cookie is out of reach of their scripts. */
export class CookieRoutes extends Routes {
  readonly #signIn = inject(SignIn);
  readonly #sessions = inject(Sessions);
  readonly #profiles = inject(Profiles);
  readonly #audit = inject(AuditService);

  /**
   * Sign in with a cookie.
   *
   * From then on the browser says who asks. What changes something also needs a proof that it comes
   * from the same site: `Sec-Fetch-Site` or `Origin`, as browsers send them, or `X-CSRF-Token`.
   */
  open = post(
    "/session",
    {
      body: Credentials,
      response: CookieSession,
      status: 201,
      responses: { 401: NotAuthenticated, 403: PermissionDenied, 429: RateLimited },
      rateLimit: { requests: 30, window: 60, by: "address" },
    },
    async ({ body, request }) => {
      refuseOtherSite(request);
      const account = await this.#signIn.check(body.username, body.password);
      const { secret, expires_at } = await this.#sessions.open(account.id);
      const csrf_token = csrfTokenOf(secret);
      const user = await this.#profiles.of(account);
      const response = new JSONResponse({ user, csrf_token, expires_at }, { status: 201 });
      setCookies(response, secret, csrf_token, sessionLifetime);
      return response;
    },
  );

  /** Sign out: the session of the cookie ends, and the cookies go. */
  close = del(
    "/session",
    { response: Message, responses: { 403: PermissionDenied } },
    async ({ request }) => {
      const secret = request.cookies.get(sessionCookie);
      const live = secret && (await this.#sessions.findBySecret(secret));
      if (live) {
        refuseForged(request, secret);
        await this.#sessions.end(live.id);
        const actor = { id: live.user_id, username: live.username };
        await this.#audit.log({ action: "auth.logout", target: `user:${live.user_id}`, actor });
      }
      const response = new JSONResponse({ message: "Logged out" });
      setCookies(response, "", "", 0);
      return response;
    },
  );
}

function setCookies(response: Response, secret: string, csrfToken: string, maxAge: number): void {
  const options = { secure: true, sameSite: "lax", maxAge } as const;
  response.setCookie(sessionCookie, secret, { ...options, httpOnly: true });
  response.setCookie(csrfCookie, csrfToken, options);
}
