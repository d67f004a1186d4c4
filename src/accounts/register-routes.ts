import { BackgroundTasks } from "../background.ts";
import { Conflict, PermissionDenied, RateLimited } from "../exceptions.ts";
import { post, Routes } from "../http/index.ts";
import { inject } from "../services.ts";
import { object, optional, text } from "../shape/index.ts";
import { Account, Email, FullName, Username } from "./account.ts";
import { accountSettings } from "./account-settings.ts";
import { Accounts } from "./accounts.ts";
import { AuditService } from "./audit.ts";
import { AccountLetters } from "./letters.ts";

// What else a client sends, such as roles, is not looked at.
const Register = object("Register", {
  username: Username,
  email: Email,
  password: text({ min: 8, max: 1024, secret: true }),
  full_name: optional(FullName, null),
});

/** Making an account of one's own. */
export class RegisterRoutes extends Routes {
  readonly #accounts = inject(Accounts);
  readonly #letters = inject(AccountLetters);
  readonly #audit = inject(AuditService);
  readonly #settings = accountSettings();

  /**
   * Make an account.
   *
   * It has no roles and permissions. A letter asks to confirm the email.
   */
  register = post(
    "/register",
    {
      body: Register,
      response: Account,
      status: 201,
      use: { background: BackgroundTasks },
      responses: { 403: PermissionDenied, 409: Conflict, 429: RateLimited },
      rateLimit: { requests: 20, window: 60, by: "address" },
    },
    async ({ body, background }) => {
      if (!this.#settings.registration) throw new PermissionDenied("Registration is closed");
      const { username, email, password, full_name } = body;
      const account = await this.#accounts.create({ username, email, password, full_name });
      const target = `user:${account.id}`;
      await this.#audit.log({ action: "user.registered", target, actor: account });
      background.add(() => this.#letters.verify(account));
      return account;
    },
  );
}
