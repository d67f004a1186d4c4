import { setTimeout } from "node:timers/promises";
import { BackgroundTasks } from "../background.ts";
import { RateLimited } from "../exceptions.ts";
import { post, Routes } from "../http/index.ts";
import { inject } from "../services.ts";
import { object, text } from "../shape/index.ts";
import { Accounts } from "./accounts.ts";
import { AuditService } from "./audit.ts";
import { AccountLetters } from "./letters.ts";
import { InvalidToken } from "./invalid-token.ts";
import { Lockout } from "./lockout.ts";
import { Message } from "./message.ts";
import { OneTimeTokens } from "./one-time.ts";
import { Passwords } from "./passwords.ts";

const Forgot = object("ForgotPassword", { email: text({ min: 3, max: 254 }) });
const Reset = object("ResetPassword", {
  token: text({ min: 1, max: 200, secret: true, description: "Of the letter" }),
  password: text({ min: 8, max: 1024, secret: true }),
});

/** Milliseconds. */
const mostDelay = 200;

/** A new password for who has forgotten the old one. */
export class PasswordRoutes extends Routes {
  readonly #accounts = inject(Accounts);
  readonly #passwords = inject(Passwords);
  readonly #oneTime = inject(OneTimeTokens);
  readonly #lockout = inject(Lockout);
  readonly #letters = inject(AccountLetters);
  readonly #audit = inject(AuditService);

  /**
   * Ask for a letter to reset a password.
   *
   * The answer is the same whether there is such a user or not.
   */
  forgot = post(
    "/password/forgot",
    {
      body: Forgot,
      response: Message,
      status: 202,
      use: { background: BackgroundTasks },
      responses: { 429: RateLimited },
      rateLimit: { requests: 10, window: 60, by: "address" },
    },
    ({ body, background }) => {
      // Afterwards, and not at once, so that the time it takes tells nothing either.
      background.add(async () => {
        await setTimeout(Math.random() * mostDelay);
        await this.#letters.forgot(body.email);
      });
      return { message: "If there is an account with this email, a letter is on its way" };
    },
  );

  /** Set a new password with the token of a letter; all sessions end, and all API keys are revoked. */
  reset = post(
    "/password/reset",
    {
      body: Reset,
      response: Message,
      responses: { 400: InvalidToken, 429: RateLimited },
      rateLimit: { requests: 10, window: 60, by: "address" },
    },
    async ({ body: { token, password } }) => {
      const id = await this.#oneTime.find(token, "reset");
      const account = id === undefined ? undefined : await this.#accounts.get(id);
      if (!account?.active) throw new InvalidToken();
      // Before the token is used up: who chose a poor password may try another one.
      this.#passwords.check(password, account);
      if (!(await this.#oneTime.redeem(token, "reset"))) throw new InvalidToken();
      await this.#accounts.setPassword(account.id, password);
      // Who has read the letter has the email.
      await this.#accounts.update(account.id, { email_verified: true });
      await this.#lockout.clear(account.username, account.email);
      const target = `user:${account.id}`;
      await this.#audit.log({ action: "user.password_reset", target, actor: account });
      return { message: "Password changed" };
    },
  );
}
