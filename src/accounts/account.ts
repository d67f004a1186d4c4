import { domainToASCII } from "node:url";
import {
  boolean,
  check,
  date,
  fault,
  list,
  nullable,
  object,
  partOf,
  shape,
  text,
} from "../shape/index.ts";
import type { Out } from "../validation/index.ts";

/** A user, as everybody but this module sees one: never with the hash of a password. */
export type Account = Out<typeof Account>;
export const Account = object("Account", {
  id: text(),
  username: text(),
  email: text(),
  full_name: nullable(text()),
  active: boolean("Whether the user may sign in"),
  tags: list(text()),
  email_verified: boolean(),
  manager_id: nullable(text({ description: "The user that this one reports to" })),
  created_at: date(),
  updated_at: date(),
});

/** The columns of it. */
export const shown = [
  "id",
  "username",
  "email",
  "full_name",
  "active",
  "tags",
  "email_verified",
  "manager_id",
  "created_at",
  "updated_at",
] as const satisfies (keyof Account)[];

/**
 * Letters and digits of any script. Without @, so that no username is somebody's email; without what
 * cannot be seen, so that no two look the same for that.
 */
export const Username = text({
  min: 3,
  max: 50,
  pattern: /^(?!.*\p{Default_Ignorable_Code_Point})[\p{L}\p{N}][\p{L}\p{M}\p{N}._-]*$/u,
  message:
    "Username must begin with a letter or digit, and consist of letters, digits, dots, dashes and underscores",
});

const noEmail = "Email must be an address, as in ann@example.com";
// What a letter can go to: ASCII, an @, a domain with a dot inside; written so that it takes linear time.
const Address = text({
  max: 254,
  format: "email",
  pattern:
    /^(?!.*[\p{Cf}\p{Default_Ignorable_Code_Point}])[!#-'*+\-./0-9=?A-Z^-~]+@[\p{L}\p{M}\p{N}_-]+(\.[\p{L}\p{M}\p{N}_-]+)+$/u,
  message: noEmail,
});

/** An address that the mailer takes. */
export const Email = shape<string, string>(partOf(Address).json, (value) => {
  const result = check(Address, value);
  if (result.issues) return result;
  const email = value as string;
  // A domain of another script has to have a name in ASCII.
  return domainToASCII(email.slice(email.indexOf("@") + 1)) ? { value: email } : fault(noEmail);
});

export const FullName = nullable(text({ max: 100 }));

export interface NewAccount {
  readonly username: string;
  readonly email: string;
  readonly password: string;
  readonly full_name?: string | null | undefined;
  readonly tags?: readonly string[] | null | undefined;
  /** Default true. */
  readonly active?: boolean | undefined;
  readonly email_verified?: boolean | undefined;
  readonly manager_id?: string | null | undefined;
  /** Whoever says `false` answers for the password, as an operator does. */
  readonly checkPassword?: boolean | undefined;
}

/** A user that comes with everything from elsewhere. */
export interface AdoptedAccount extends Pick<
  Account,
  "id" | "username" | "email" | "full_name" | "active" | "tags" | "created_at" | "updated_at"
> {
  /** Argon2id, as a text in PHC format. */
  readonly password_hash: string;
}

/** What is left out stays as it is. */
export interface AccountChanges {
  /** Another one counts as unverified. */
  readonly email?: string | undefined;
  readonly full_name?: string | null | undefined;
  /** `false` ends all sessions of the user. */
  readonly active?: boolean | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly email_verified?: boolean | undefined;
  readonly manager_id?: string | null | undefined;
}

/** Narrows who is found. */
export interface Which {
  /** Only who has no roles, permissions and keys. */
  readonly ordinary?: boolean;
}
