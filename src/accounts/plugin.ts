import { authenticatorKey } from "../auth/index.ts";
import { settingsKey } from "../config/index.ts";
import { mount } from "../http/index.ts";
import { noStore } from "../middleware/index.ts";
import { Plugin } from "../plugin/index.ts";
import { currentScope } from "../scope.ts";
import { inject, type ServiceClass } from "../services.ts";
import { AccessTokens } from "./access-tokens.ts";
import { AccountSettings } from "./account-settings.ts";
import { Accounts } from "./accounts.ts";
import { adminPermissions, AdminRoutes } from "./admin-routes.ts";
import { ApiKeyRoutes } from "./api-key-routes.ts";
import { ApiKeys } from "./api-keys.ts";
import { AuditService } from "./audit.ts";
import { Credentials } from "./authenticator.ts";
import { CookieRoutes } from "./cookie-routes.ts";
import { Declarations } from "./declared.ts";
import { EmailRoutes } from "./email-routes.ts";
import { makeFirstAdministrator } from "./first-administrator.ts";
import { AccountLetters } from "./letters.ts";
import { Lockout } from "./lockout.ts";
import { Profiles } from "./me.ts";
import { MeRoutes } from "./me-routes.ts";
import { migrations } from "./migrations.ts";
import { OneTimeTokens } from "./one-time.ts";
import { PasswordRoutes } from "./password-routes.ts";
import { Passwords } from "./passwords.ts";
import { RefreshTokens } from "./refresh-tokens.ts";
import { RegisterRoutes } from "./register-routes.ts";
import { Roles } from "./roles.ts";
import { SessionRoutes } from "./session-routes.ts";
import { Sessions } from "./sessions.ts";
import { SignInRoutes } from "./sign-in-routes.ts";
import { SignIn } from "./sign-in.ts";

const auth = { tags: ["Auth"] } as const;
const hour = 3_600_000;

/** Users, who they are, and what they may: tables, services, and routes under `/auth`. */
export class AccountsPlugin extends Plugin {
  static override readonly prefix = "/auth";
  static override readonly config = AccountSettings;
  static override readonly migrations = migrations;
  static override readonly permissions = adminPermissions;
  static override readonly services: readonly ServiceClass[] = [
    Accounts,
    Sessions,
    Roles,
    ApiKeys,
    AuditService,
    Passwords,
    Lockout,
    OneTimeTokens,
    RefreshTokens,
    AccessTokens,
    AccountLetters,
    Profiles,
    SignIn,
    Credentials,
    Declarations,
  ];

  override readonly middleware = [noStore];

  readonly #app = currentScope("new AccountsPlugin()").root;
  readonly #accounts = inject(Accounts);
  readonly #roles = inject(Roles);
  readonly #credentials = inject(Credentials);
  readonly #forgetful = [inject(Sessions), inject(OneTimeTokens), inject(Lockout)];

  signIn: SignInRoutes = mount("", SignInRoutes, auth);
  cookie: CookieRoutes = mount("", CookieRoutes, auth);
  registration: RegisterRoutes = mount("", RegisterRoutes, auth);
  me: MeRoutes = mount("", MeRoutes, auth);
  password: PasswordRoutes = mount("", PasswordRoutes, auth);
  email: EmailRoutes = mount("", EmailRoutes, auth);
  sessions: SessionRoutes = mount("", SessionRoutes, auth);
  keys: ApiKeyRoutes = mount("", ApiKeyRoutes, auth);
  admin: AdminRoutes = mount("", AdminRoutes);

  override async start(): Promise<void> {
    const { admin } = this.#app.get(settingsKey);
    if (admin) {
      await makeFirstAdministrator(admin, { accounts: this.#accounts, roles: this.#roles });
    }
    this.every(hour, async () => {
      for (const service of this.#forgetful) await service.purge();
    });
    this.defer(this.#app.provide(authenticatorKey, this.#credentials));
  }
}
