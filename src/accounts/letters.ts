import { Mailer } from "../mail/index.ts";
import { inject, Service } from "../services.ts";
import type { Account } from "./account.ts";
import { accountSettings } from "./account-settings.ts";
import { Accounts } from "./accounts.ts";
import { OneTimeTokens } from "./one-time.ts";

/** What users are written about their accounts. */
export class AccountLetters extends Service {
  readonly #mailer = inject(Mailer);
  readonly #accounts = inject(Accounts);
  readonly #oneTime = inject(OneTimeTokens);
  readonly #settings = accountSettings();

  /** Nobody learns whether there is such a user: who asks gets no answer. */
  async forgot(email: string): Promise<void> {
    const account = await this.#accounts.find(email);
    if (!account?.active || !email.includes("@")) return;
    // Whoever registered with it may have mistyped it, or meant somebody else to have it.
    if (!account.email_verified && !(await this.#accounts.get(account.id, { ordinary: true })))
      return;
    const token = await this.#oneTime.add(account.id, "reset");
    if (token === undefined) return;
    await this.#send(account, "Reset your password", [
      "somebody, probably you, asked for a new password for your account.",
      this.#how(
        this.#settings.resetUrl,
        token,
        'Send it with your new password to POST /auth/password/reset, as {"token": …, "password": …}.',
      ),
      "It is good once, for one hour. If you did not ask for it, ignore this letter.",
    ]);
  }

  async verify(account: Account): Promise<void> {
    const token = await this.#oneTime.create(account.id, "verify");
    await this.#send(account, "Confirm your email", [
      "please confirm that this is your email.",
      this.#how(
        this.#settings.verifyUrl,
        token,
        'Send it to POST /auth/email/verify, as {"token": …}.',
      ),
      "It is good once, for one day.",
    ]);
  }

  /** To the address that an account had: whoever took the account over cannot hide it. */
  async moved(before: Account): Promise<void> {
    await this.#send(before, "Your email was changed", [
      "your account has another email now, and this one no longer belongs to it.",
      "If you did not change it, tell those who run this service.",
    ]);
  }

  /** The address of a page is never taken from a request: it would lead where a stranger wants. */
  #how(url: string | undefined, token: string, otherwise: string): string {
    return url ? url.replaceAll("{token}", token) : `${token}\n\n${otherwise}`;
  }

  async #send(to: Account, subject: string, parts: readonly string[]): Promise<void> {
    const text = [`Hello ${to.username},`, ...parts].join("\n\n");
    await this.#mailer.send({ to: to.email, subject, text });
  }
}
