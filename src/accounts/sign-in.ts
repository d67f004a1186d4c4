import type { Identity } from "../auth/index.ts";
import { NotAuthenticated, PermissionDenied } from "../exceptions.ts";
import { inject, Service } from "../services.ts";
import type { Account } from "./account.ts";
import { Accounts } from "./accounts.ts";
import { AuditService } from "./audit.ts";
import { Lockout } from "./lockout.ts";

/** Whether somebody is who they say. */
export class SignIn extends Service {
  readonly #accounts = inject(Accounts);
  readonly #lockout = inject(Lockout);
  readonly #audit = inject(AuditService);

  /**
   * Who has this name and password. Whatever is wrong, the answer is the same, and takes as long.
   * @param name a username or an email
   * @throws NotAuthenticated, and RateLimited after many failures
   */
  async check(name: string, password: string): Promise<Account> {
    const found = await this.#lockout.guard(name, () =>
      this.#accounts.authenticate(name, password),
    );
    const account = found ?? (await this.#accounts.find(name));
    await this.#audit.log({
      action: "auth.login",
      // A name that nobody has may be a password in the wrong field.
      ...(account && { target: `user:${account.id}` }),
      ...(found && { actor: found }),
      result: found ? "success" : "failure",
    });
    if (found) return found;
    throw new NotAuthenticated("Incorrect username or password", { errorCode: "LOGIN_FAILED" });
  }

  /**
   * Asks somebody who is signed in for their password again, before what cannot be undone.
   * @throws PermissionDenied, and RateLimited after many failures
   */
  async confirm({ id, username }: Identity, password: string): Promise<void> {
    const isRight = await this.#lockout.guard(
      username,
      async () => (await this.#accounts.isPassword(id, password)) || undefined,
    );
    if (!isRight) throw new PermissionDenied("Incorrect password", { errorCode: "WRONG_PASSWORD" });
  }
}
