import { type Claims, createTokens, type Issued, type Tokens } from "../auth/index.ts";
import { settingsKey } from "../config/index.ts";
import { currentScope } from "../scope.ts";
import { loadSecrets } from "../secrets.ts";
import { Service } from "../services.ts";

/** The app's access tokens, signed with its own secret. */
export class AccessTokens extends Service {
  readonly #settings = currentScope("new AccessTokens()").get(settingsKey);
  #tokens: Tokens | undefined;

  /** @throws NX_SECRET */
  override async start(): Promise<void> {
    this.#tokens = createTokens({ secrets: await loadSecrets(this.#settings) });
  }

  issue(whose: { readonly sub: string; readonly sid: string }): Issued {
    return this.#tokens!.issue(whose);
  }

  /** @throws NotAuthenticated */
  verify(token: string): Claims {
    return this.#tokens!.verify(token);
  }
}
