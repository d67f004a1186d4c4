import { currentUser } from "../auth/index.ts";
import { BackgroundTasks } from "../background.ts";
import { Conflict, PermissionDenied, RateLimited, ValidationError } from "../exceptions.ts";
import { del, get, patch, post, Routes } from "../http/index.ts";
import { inject } from "../services.ts";
import { object, optional, text } from "../shape/index.ts";
import { Email, FullName } from "./account.ts";
import { Accounts } from "./accounts.ts";
import { AuditService } from "./audit.ts";
import { AccountLetters } from "./letters.ts";
import { Me, Profiles, refuseKeys } from "./me.ts";
import { Message } from "./message.ts";
import { Roles } from "./roles.ts";
import { SignIn } from "./sign-in.ts";

const UpdateMe = object("UpdateMe", {
  email: optional(Email),
  full_name: optional(FullName),
  password: optional(
    text({ min: 1, max: 1024, secret: true, description: "Needed for another email" }),
  ),
});
const ChangePassword = object("ChangePassword", {
  old_password: text({ min: 1, max: 1024, secret: true }),
  new_password: text({ min: 8, max: 1024, secret: true }),
});
const DeleteMe = object("DeleteMe", { password: text({ min: 1, max: 1024, secret: true }) });

const missing = { loc: ["body", "password"], type: "missing", msg: "Field required" };

/** One's own account. */
export class MeRoutes extends Routes {
  readonly #accounts = inject(Accounts);
  readonly #profiles = inject(Profiles);
  readonly #signIn = inject(SignIn);
  readonly #roles = inject(Roles);
  readonly #letters = inject(AccountLetters);
  readonly #audit = inject(AuditService);

  /** Show who asks, with roles and permissions. */
  show = get("/me", { use: { me: currentUser }, response: Me }, ({ me }) => this.#profiles.of(me));

  /**
   * Change your name or email.
   *
   * What is left out stays as it is. A new email needs the password; it has to be confirmed again,
   * and the one before is told.
   */
  update = patch(
    "/me",
    {
      body: UpdateMe,
      response: Me,
      use: { me: currentUser, background: BackgroundTasks },
      responses: { 403: PermissionDenied, 409: Conflict, 429: RateLimited },
      rateLimit: { requests: 20, window: 60 },
    },
    async ({ body: { password, ...changes }, me, background }) => {
      refuseKeys(me);
      const before = await this.#profiles.get(me);
      const details = { fields: Object.keys(changes) };
      const what = { action: "user.changed", target: `user:${me.id}`, details };
      const after = await this.#audit.record(what, async () => {
        if (changes.email !== undefined && changes.email !== before.email) {
          if (password === undefined) throw new ValidationError([missing]);
          await this.#signIn.confirm(me, password);
        }
        return this.#accounts.update(me.id, changes);
      });
      if (after && after.email !== before.email) {
        background.add(() => this.#letters.moved(before));
        if (!after.email_verified) background.add(() => this.#letters.verify(after));
      }
      return this.#profiles.of(me);
    },
  );

  /** Change your password; your other sessions end, and all your API keys are revoked. */
  changePassword = post(
    "/me/password",
    {
      body: ChangePassword,
      response: Message,
      use: { me: currentUser },
      responses: { 403: PermissionDenied, 429: RateLimited },
    },
    async ({ body, me }) => {
      refuseKeys(me);
      const what = { action: "user.password_changed", target: `user:${me.id}` };
      await this.#audit.record(what, async () => {
        await this.#signIn.confirm(me, body.old_password);
        const options = { keep: me.session, field: "new_password" };
        await this.#accounts.setPassword(me.id, body.new_password, options);
      });
      return { message: "Password changed" };
    },
  );

  /** Delete your account, for good. */
  delete = del(
    "/me",
    {
      body: DeleteMe,
      response: Message,
      use: { me: currentUser },
      responses: { 403: PermissionDenied, 409: Conflict, 429: RateLimited },
    },
    async ({ body, me }) => {
      refuseKeys(me);
      await this.#audit.record({ action: "user.deleted", target: `user:${me.id}` }, async () => {
        await this.#signIn.confirm(me, body.password);
        await this.#roles.keepAdministrator(() => this.#accounts.delete(me.id));
      });
      return { message: "Account deleted" };
    },
  );
}
