import { createHash, createHmac, createSecretKey, timingSafeEqual } from "node:crypto";

/** What every peer answers with, so that only the frameworks differ. */

export const hello = "Hello from my plugin!";

export interface User {
  readonly user_id: number;
  readonly username: string;
  readonly email: string;
  readonly full_name: string | null;
  readonly active: boolean;
  readonly tags: string[];
  readonly created_at: string;
  readonly updated_at: string;
}

export interface NewUser {
  readonly username: string;
  readonly email: string;
  readonly password: string;
  readonly full_name?: string | null | undefined;
  readonly tags?: string[] | undefined;
}

export interface Page {
  readonly items: User[];
  readonly pagination: {
    readonly page: number;
    readonly per_page: number;
    readonly total: number;
    readonly pages: number;
  };
}

export const usernamePattern = "^[a-zA-Z0-9_]+$";
export const emailPattern = "^[^\\s@]+@[^\\s@]+\\.[^\\s@]+$";

const made = Array.from({ length: 1000 }, (_, index): User => {
  const id = index + 1;
  return {
    user_id: id,
    username: `user_${id}`,
    email: `user${id}@example.com`,
    full_name: index % 3 ? `User Number ${id}` : null,
    active: index % 4 !== 0,
    tags: ["alpha", "beta"],
    created_at: "2025-01-01T00:00:00.000Z",
    updated_at: "2025-06-01T00:00:00.000Z",
  };
});
/**
 * As a database gives them, each text in one piece. Texts that were put together stay in two pieces once they are old,
 * and JSON.stringify then takes twice the time: whether they are depended on how often garbage was collected at the start.
 */
const users = JSON.parse(JSON.stringify(made)) as readonly User[];
const actives = users.filter(({ active }) => active);
const inactives = users.filter(({ active }) => !active);

export function listUsers(page: number, perPage: number, active: boolean | undefined): Page {
  const all = active === undefined ? users : active ? actives : inactives;
  const start = (page - 1) * perPage;
  return {
    items: all.slice(start, start + perPage),
    pagination: {
      page,
      per_page: perPage,
      total: all.length,
      pages: Math.ceil(all.length / perPage),
    },
  };
}

export const findUser = (id: number): User | undefined => users[id - 1];

let lastId = users.length;

/** What it gives is for the house: the two last members must not leave it. */
export function createUser(given: NewUser): User & {
  readonly password_hash: string;
  readonly internal_note: string;
} {
  const now = new Date().toISOString();
  return {
    user_id: ++lastId,
    username: given.username,
    email: given.email,
    full_name: given.full_name ?? null,
    active: true,
    tags: given.tags ?? [],
    created_at: now,
    updated_at: now,
    password_hash: `h$${given.password}`,
    internal_note: "never leaves",
  };
}

export const secret = "a secret of the benchmark, 32 bytes or more";
export const issuer = "bench";
export const audience = "bench";

const key = createSecretKey(secret, "utf8");
const header = encode({
  alg: "HS256",
  typ: "JWT",
  kid: createHash("sha256").update(secret).digest("hex").slice(0, 8),
});

export interface Claims {
  readonly sub: string;
  readonly exp: number;
}

/** Signs a token as an app would at log-in. */
export function signToken(exp = 4_000_000_000): string {
  const claims = { iss: issuer, aud: audience, sub: "42", sid: "1", iat: 1_700_000_000, exp };
  const signed = `${header}.${encode(claims)}`;
  return `${signed}.${createHmac("sha256", key).update(signed).digest("base64url")}`;
}

/** Who sent an Authorization header: HS256 by hand on node:crypto, which is faster than any library without a cache. */
export function verifyBearer(authorization: string | null | undefined): Claims | undefined {
  if (!authorization?.startsWith("Bearer ")) return undefined;
  const first = authorization.indexOf(".", 7);
  const second = authorization.indexOf(".", first + 1);
  if (first < 0 || second < 0) return undefined;
  const right = createHmac("sha256", key).update(authorization.slice(7, second)).digest();
  const given = Buffer.from(authorization.slice(second + 1), "base64url");
  if (given.length !== right.length || !timingSafeEqual(given, right)) return undefined;
  if (decode(authorization.slice(7, first))["alg"] !== "HS256") return undefined;
  const { iss, aud, sub, exp } = decode(authorization.slice(first + 1, second));
  if (iss !== issuer || aud !== audience || typeof sub !== "string" || typeof exp !== "number")
    return undefined;
  return exp * 1000 > Date.now() ? { sub, exp } : undefined;
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function decode(text: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(text, "base64url").toString()) as Record<string, unknown>;
}
