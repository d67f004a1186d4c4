import { currentUser } from "../auth/index.ts";
import { BackgroundTasks } from "../background.ts";
import { Conflict, PermissionDenied, RateLimited } from "../exceptions.ts";
import { post, Routes } from "../http/index.ts";
import { inject } from "../services.ts";
import { object, text } from "../shape/index.ts";
import { Accounts } from "./accounts.ts";
import { AuditService } from "./audit.ts";
import { InvalidToken } from "./invalid-token.ts";
import { AccountLetters } from "./letters.ts";
import { Profiles, refuseKeys } from "./me.ts";
import { Message } from "./message.ts";
import { OneTimeTokens } from "./one-time.ts";

const VerifyEmail = object("VerifyEmail", {
  token: text({ min: 1, max: 200, secret: true, description: "Of the letter" }),
});

/** Proving that an email is one's own. */
export class EmailRoutes extends Routes {
  readonly #accounts = inject(Accounts);
  readonly #profiles = inject(Profiles);
  readonly #oneTime = inject(OneTimeTokens);
  readonly #letters = inject(AccountLetters);
  readonly #audit = inject(AuditService);

  /** Confirm your email with the token of a letter. */
  verify = post(
    "/email/verify",
    {
      body: VerifyEmail,
      response: Message,
      responses: { 400: InvalidToken, 429: RateLimited },
      rateLimit: { requests: 20, window: 60, by: "address" },
    },
    async ({ body }) => {
      const id = await this.#oneTime.redeem(body.token, "verify");
      const account =
        id === undefined ? undefined : await this.#accounts.update(id, { email_verified: true });
      if (!account) throw new InvalidToken();
      const target = `user:${account.id}`;
      await this.#audit.log({ action: "user.email_verified", target, actor: account });
      return { message: "Email confirmed" };
    },
  );

  /** Ask for another letter to confirm your email. */
  ask = post(
    "/email/verification",
    {
      response: Message,
      status: 202,
      use: { me: currentUser, background: BackgroundTasks },
      responses: { 403: PermissionDenied, 409: Conflict, 429: RateLimited },
      rateLimit: { requests: 5, window: 60 },
    },
    async ({ me, background }) => {
      refuseKeys(me);
      const account = await this.#profiles.get(me);
      if (account.email_verified) throw new Conflict("The email is confirmed already");
      background.add(() => this.#letters.verify(account));
      return { message: "A letter is on its way" };
    },
  );
}
