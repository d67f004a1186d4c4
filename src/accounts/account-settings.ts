import { pluginInfo } from "../plugin/index.ts";
import { currentScope } from "../scope.ts";
import { boolean, object, optional, text } from "../shape/index.ts";
import type { Out } from "../validation/index.ts";

const link = (what: string) =>
  text({
    max: 2000,
    pattern: /^https?:\/\/[^\s]+\{token\}/,
    message: "Write an address with {token} in it, as in https://example.com/reset?token={token}",
    description: what,
  });

/** What an app may say of accounts: `config: { accounts: { … } }`. */
export type AccountSettings = Out<typeof AccountSettings>;
export const AccountSettings = object("AccountSettings", {
  registration: optional(boolean("Whether strangers may make accounts"), true),
  resetUrl: optional(link("Your page where a new password is typed in")),
  verifyUrl: optional(link("Your page where an email is confirmed")),
});

/** For services of the accounts plugin. */
export function accountSettings(): AccountSettings {
  // Checked by the schema above when the plugin was configured.
  return currentScope("accountSettings()").get(pluginInfo).config as AccountSettings;
}
