import { argon2, type Argon2Parameters, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { ValidationError } from "../exceptions.ts";
import { Service } from "../services.ts";
import { fold } from "./fold.ts";
import { guessFaultOf } from "./password-policy.ts";
import { Turns } from "./turns.ts";

const derive = promisify(argon2);
/** Of memory in KiB, passes over it, and lanes: OWASP's recommendation for argon2id. */
const cost = { memory: 19_456, passes: 2, parallelism: 1 };
/** Hashing is done by Node's four threads: two at once leave room for files and other work. */
const atOnce = 2;
/** Who comes when so many wait in a lane is sent away: the answer would come too late to be of use. */
const mostWaiting = 200;

export const leastCharacters = 8;
export const mostBytes = 1024;

/** What a password must not be. */
export interface Whose {
  readonly username: string;
  readonly email: string;
}

/** Hashes passwords with argon2id, off the event loop and a few at a time. */
export class Passwords extends Service {
  readonly #turns = new Turns(atOnce, mostWaiting);

  /** A password as it may be stored: a text in PHC format, with a salt of its own. */
  async hash(password: string): Promise<string> {
    const nonce = randomBytes(16);
    const hash = await this.#turns.take("make", () =>
      derive("argon2id", { message: password, nonce, tagLength: 32, ...cost }),
    );
    return `${prefix}${encode(nonce)}$${encode(hash)}`;
  }

  /**
   * Whether a password is the one that a hash was made of.
   * @param stored nothing takes as long, and is never right: nobody can tell who exists
   */
  async verify(password: string, stored: string | undefined): Promise<boolean> {
    if (Buffer.byteLength(password) > mostBytes) return false;
    const { hash, ...parameters } = parse(stored ?? nobodys);
    const given = await this.#turns.take("check", () =>
      derive("argon2id", { message: password, ...parameters }),
    );
    return timingSafeEqual(given, hash) && stored !== undefined;
  }

  /** Whether a hash was made in another way than new ones are. */
  needsRehash(stored: string): boolean {
    return !stored.startsWith(prefix);
  }

  /**
   * Refuses a password that anybody could guess, or that would take long to hash.
   * @param field what it is called in the body
   * @throws ValidationError
   */
  check(password: string, whose: Whose, field = "password"): void {
    const fault = faultOf(password, whose);
    if (fault)
      throw new ValidationError([{ loc: ["body", field], type: "value_error", msg: fault }]);
  }
}

/** What is wrong with a new password, if anything. */
export function faultOf(password: string, { username, email }: Whose): string | undefined {
  if (Buffer.byteLength(password) > mostBytes)
    return `Password must have at most ${mostBytes} bytes`;
  if (Array.from(password).length < leastCharacters)
    return `Password must have at least ${leastCharacters} characters`;
  const folded = fold(password);
  if (folded === fold(username) || folded === fold(email))
    return "Password must not be the username or the email";
  return guessFaultOf(password);
}

const prefix = `$argon2id$v=19$m=${cost.memory},t=${cost.passes},p=${cost.parallelism}$`;
const phc = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;

function parse(stored: string): Omit<Argon2Parameters, "message"> & { readonly hash: Buffer } {
  const [, memory, passes, parallelism, nonce, tag] = phc.exec(stored) ?? [];
  if (!nonce || !tag) throw new Error("A stored password is no argon2id hash in PHC format.");
  const hash = Buffer.from(tag, "base64");
  return {
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
    nonce: Buffer.from(nonce, "base64"),
    tagLength: hash.length,
    hash,
  };
}

/** The hash of no password that anybody knows. */
const nobodys = `${prefix}${encode(Buffer.alloc(16))}$${encode(Buffer.alloc(32))}`;

/** Base64 without padding, as PHC has it. */
function encode(bytes: Buffer): string {
  return bytes.toString("base64").replace(/=+$/, "");
}
