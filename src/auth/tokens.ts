import {
  createHash,
  createHmac,
  createSecretKey,
  type KeyObject,
  timingSafeEqual,
} from "node:crypto";
import { NexusError, NotAuthenticated } from "../exceptions.ts";

export interface TokensOptions {
  /** At least 32 bytes each. The first one signs, all of them verify. */
  readonly secrets: readonly string[];
  /** Default "nexus". */
  readonly issuer?: string;
  /** Default "nexus". */
  readonly audience?: string;
  /** Seconds that a token is good for; default 900. */
  readonly lifetime?: number;
  /** Milliseconds; default the system's clock. */
  readonly now?: () => number;
}

export interface Issued {
  readonly token: string;
  /** Seconds. */
  readonly expiresIn: number;
}

/** What a token says. */
export interface Claims {
  /** Whose it is. */
  readonly sub: string;
  /** The session that it belongs to. */
  readonly sid: string;
  /** Seconds since 1970. */
  readonly exp: number;
}

export interface Tokens {
  issue(whose: { readonly sub: string; readonly sid: string }): Issued;
  /** @throws NotAuthenticated for whatever is not a good token of ours */
  verify(token: string): Claims;
}

/** More than ours are ever long. */
const longest = 4096;
/** Tokens that are known to be good; the oldest is forgotten first. */
const remembered = 4096;
/** Seconds that the clocks of two machines may differ. */
const skew = 30;

/**
 * Access tokens: JSON Web Tokens with HS256, and nothing else. A token's header is compared with the
 * few that this signs itself, so no header of somebody else's making is ever read.
 * @throws NX_TOKEN_SECRET without a secret, or with a short one
 */
export function createTokens(options: TokensOptions): Tokens {
  const { secrets, issuer = "nexus", audience = "nexus", lifetime = 900 } = options;
  const { now = Date.now } = options;
  const signers = secrets.map(createSigner);
  const [signer] = signers;
  if (!signer) throw badSecret("Tokens need a secret.");
  const byHeader = new Map(signers.map((one) => [one.header, one]));
  const known = new Map<string, Claims>();
  const seconds = (): number => now() / 1000;

  const check = (token: string): Claims => {
    if (token.length > longest) throw refused();
    const [header = "", payload = "", signature = "", ...more] = token.split(".");
    const key = byHeader.get(header)?.key;
    if (!key || more.length || !isSame(signature, sign(key, `${header}.${payload}`)))
      throw refused();
    return readClaims(payload, { issuer, audience, now: seconds() });
  };

  return {
    issue: ({ sub, sid }) => {
      const iat = Math.floor(seconds());
      const claims = { iss: issuer, aud: audience, sub, sid, iat, exp: iat + lifetime };
      const signed = `${signer.header}.${encode(claims)}`;
      return { token: `${signed}.${sign(signer.key, signed)}`, expiresIn: lifetime };
    },
    verify: (token) => {
      const before = known.get(token);
      if (before && before.exp > seconds()) return before;
      if (before) known.delete(token);
      const claims = check(token);
      if (claims.exp <= seconds()) throw expired();
      if (known.size >= remembered) known.delete(known.keys().next().value!);
      known.set(token, claims);
      return claims;
    },
  };
}

interface Signer {
  readonly header: string;
  readonly key: KeyObject;
}

function createSigner(secret: string): Signer {
  if (Buffer.byteLength(secret) < 32) throw badSecret("A secret for tokens is too short.");
  const kid = createHash("sha256").update(secret).digest("hex").slice(0, 8);
  const key = createSecretKey(secret, "utf8");
  return { header: encode({ alg: "HS256", typ: "JWT", kid }), key };
}

function sign(key: KeyObject, text: string): string {
  return createHmac("sha256", key).update(text).digest("base64url");
}

/** The texts are compared, not the bytes behind them: a signature can be written in one way only. */
function isSame(given: string, right: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Reads what is signed with one of our secrets; that alone does not make it one of our tokens. */
function readClaims(
  payload: string,
  wanted: { readonly issuer: string; readonly audience: string; readonly now: number },
): Claims {
  const text = Buffer.from(payload, "base64url").toString();
  const claims = parse(text);
  // Members that are there twice, and whatever else we do not write.
  if (!claims || encode(claims) !== payload) throw refused();
  const { iss, aud, sub, sid, exp, iat, nbf } = claims;
  const isOurs = iss === wanted.issuer && aud === wanted.audience;
  if (!isOurs || !isName(sub) || !isName(sid) || !isTime(exp)) throw refused();
  for (const time of [iat, nbf]) {
    if (time !== undefined && (!isTime(time) || time > wanted.now + skew)) throw refused();
  }
  return { sub, sid, exp };
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

const isName = (value: unknown): value is string => typeof value === "string" && value !== "";
const isTime = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) > 0;

const challenge = { "WWW-Authenticate": 'Bearer error="invalid_token"' };

function refused(): NotAuthenticated {
  return new NotAuthenticated("Invalid token", { headers: challenge, errorCode: "TOKEN_INVALID" });
}

function expired(): NotAuthenticated {
  return new NotAuthenticated("Token has expired", {
    headers: challenge,
    errorCode: "TOKEN_EXPIRED",
  });
}

function badSecret(what: string): NexusError {
  return new NexusError("NX_TOKEN_SECRET", what, {
    cure: "Give secrets of at least 32 bytes, as from `openssl rand -hex 32`.",
  });
}
