import { createHmac, createSign, generateKeyPairSync } from "node:crypto";
import { expect, test } from "vitest";
import { isHTTPException } from "../exceptions.ts";
import { createTokens, type Tokens } from "./index.ts";

const secret = "a secret that is thirty-two bytes";
const older = "another one, of the year before last";
const now = 1_800_000_000;
const clock = { now: () => now * 1000 };
const tokens = createTokens({ secrets: [secret, older], ...clock });
const whose = { sub: "7", sid: "s1" };
const { token: good } = tokens.issue(whose);
const [head = "", payload = "", signature = ""] = good.split(".");
const header = JSON.parse(Buffer.from(head, "base64url").toString()) as Record<string, unknown>;
const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as Record<string, unknown>;

test("a token is good for those whose it is, until it expires", () => {
  expect(tokens.issue(whose).expiresIn).toBe(900);
  expect(tokens.verify(good)).toEqual({ ...whose, exp: now + 900 });
  expect(header).toEqual({ alg: "HS256", typ: "JWT", kid: expect.stringMatching(/^[0-9a-f]{8}$/) });
  expect(claims).toEqual({ iss: "nexus", aud: "nexus", ...whose, iat: now, exp: now + 900 });
});

test("a token that was good is refused when its time is over", () => {
  let time = now;
  const own = createTokens({ secrets: [secret], lifetime: 60, now: () => time * 1000 });
  const { token } = own.issue(whose);
  expect(own.verify(token)).toBe(own.verify(token));
  time += 59;
  expect(own.verify(token).sub).toBe("7");
  time += 1;
  expect(refusalOf(own, token)).toBe("Token has expired");
  expect(refusalOf(own, token)).toBe("Token has expired");
});

test("a secret may be replaced: what the old one signed is good until the old one is taken away", () => {
  const before = createTokens({ secrets: [older], ...clock }).issue(whose).token;
  expect(tokens.verify(before).sub).toBe("7");
  const signedNow = tokens.issue(whose).token;
  expect(createTokens({ secrets: [secret], ...clock }).verify(signedNow).sub).toBe("7");
  expect(refusalOf(createTokens({ secrets: [secret], ...clock }), before)).toBe("Invalid token");
});

test("a refusal says in its header that the token is at fault (RFC 6750)", () => {
  const error = caught(() => tokens.verify("x"));
  expect(isHTTPException(error) && [error.status, error.headers["WWW-Authenticate"]]).toEqual([
    401,
    'Bearer error="invalid_token"',
  ]);
});

test("of many good tokens only the newest are remembered, and all stay good", () => {
  const own = createTokens({ secrets: [secret], ...clock });
  const all = Array.from({ length: 4200 }, (_, i) => own.issue({ sub: `${i}`, sid: "s" }).token);
  const first = own.verify(all[0]!);
  for (const one of all) own.verify(one);
  expect(own.verify(all[0]!)).not.toBe(first);
  expect(own.verify(all[0]!)).toEqual(first);
});

test("tokens need a secret, of at least 32 bytes", () => {
  expect(() => createTokens({ secrets: [] })).toThrow("openssl rand -hex 32");
  expect(() => createTokens({ secrets: [secret, "short"] })).toThrow("too short");
});

/** Signed with the right secret. */
const signed = (head: unknown, body: unknown, hash = "sha256", key = secret): string => {
  const text = `${encode(head)}.${encode(body)}`;
  return `${text}.${createHmac(hash, key).update(text).digest("base64url")}`;
};
const saying = (more: object): string => signed(header, { ...claims, ...more });
const headed = (more: object): string => signed({ ...header, ...more }, claims);
const without = (name: string): string =>
  signed(header, Object.fromEntries(Object.entries(claims).filter(([key]) => key !== name)));
const raw = (text: string): string => signed(header, Buffer.from(text));
const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const byRSA = (): string => {
  const text = `${encode({ ...header, alg: "RS256" })}.${payload}`;
  return `${text}.${createSign("sha256").update(text).sign(privateKey, "base64url")}`;
};
/** The last letter of 43 has two bits that say nothing. */
const loose = signature.slice(0, -1) + nextLetter(signature.at(-1)!);

const forged: readonly (readonly [name: string, token: string])[] = [
  ["alg none, unsigned", `${encode({ ...header, alg: "none" })}.${payload}.`],
  ["alg None, unsigned", `${encode({ ...header, alg: "None" })}.${payload}.`],
  ["alg NONE, unsigned", `${encode({ ...header, alg: "NONE" })}.${payload}.`],
  ["alg nOnE, unsigned", `${encode({ ...header, alg: "nOnE" })}.${payload}.`],
  ["alg none, two parts", `${encode({ alg: "none" })}.${payload}`],
  ["alg none, with our signature", `${encode({ ...header, alg: "none" })}.${payload}.${signature}`],
  ["alg none, signed anew", headed({ alg: "none" })],
  ["alg empty", headed({ alg: "" })],
  ["alg null", headed({ alg: null })],
  ["alg missing", signed({ typ: "JWT", kid: header["kid"] }, claims)],
  ["alg a list", headed({ alg: ["HS256"] })],
  ["alg hs256 in small letters", headed({ alg: "hs256" })],
  ["HS384 with our secret", signed({ ...header, alg: "HS384" }, claims, "sha384")],
  ["HS512 with our secret", signed({ ...header, alg: "HS512" }, claims, "sha512")],
  ["HS256 said, SHA-512 done", signed(header, claims, "sha512")],
  ["HS384 said, SHA-256 done", headed({ alg: "HS384" })],
  ["RS256, signed with an RSA key", byRSA()],
  ["RS256 said, signed with our secret", headed({ alg: "RS256" })],
  ["ES256 said", headed({ alg: "ES256" })],
  ["PS256 said", headed({ alg: "PS256" })],
  ["EdDSA said", headed({ alg: "EdDSA" })],
  ["another user in the payload", `${head}.${encode({ ...claims, sub: "1" })}.${signature}`],
  ["a later end in the payload", `${head}.${encode({ ...claims, exp: now * 2 })}.${signature}`],
  ["a payload without its last letter", `${head}.${payload.slice(0, -1)}.${signature}`],
  ["the signature changed at its first letter", `${head}.${payload}.${swapFirst(signature)}`],
  ["the signature with other trailing bits", `${head}.${payload}.${loose}`],
  ["the signature of another payload", `${head}.${payload}.${saying({ sub: "8" }).split(".")[2]}`],
  ["the signature cut short", good.slice(0, -1)],
  ["the signature cut to half", `${head}.${payload}.${signature.slice(0, 21)}`],
  ["the signature longer by a letter", `${good}A`],
  ["no signature, dot kept", `${head}.${payload}.`],
  ["no signature", `${head}.${payload}`],
  [
    "the signature in hex",
    `${head}.${payload}.${Buffer.from(signature, "base64url").toString("hex")}`,
  ],
  ["the signature with padding", `${good}=`],
  ["the signature with double padding", `${good}==`],
  ["the payload with padding", `${head}.${payload}=.${signature}`],
  ["the header with padding", `${head}=.${payload}.${signature}`],
  ["the signature in plain base64", plain(`${head}.${payload}.`)],
  ["a space before", ` ${good}`],
  ["a space after", `${good} `],
  ["a line break after", `${good}\n`],
  ["a NUL after", `${good}\0`],
  ["a space inside the signature", `${head}.${payload}. ${signature}`],
  ["kid of no secret", headed({ kid: "00000000" })],
  ["kid of the other secret", headed({ kid: kidOf(older) })],
  ["kid is a path", headed({ kid: "../../../../dev/null" })],
  ["kid is SQL", headed({ kid: "x' UNION SELECT 'key' --" })],
  ["kid is a number", headed({ kid: 0 })],
  ["kid is __proto__", headed({ kid: "__proto__" })],
  ["kid missing", signed({ alg: "HS256", typ: "JWT" }, claims)],
  ["jku", headed({ jku: "https://evil.example/keys" })],
  ["jwk", headed({ jwk: { kty: "oct", k: "AAAA" } })],
  ["x5u", headed({ x5u: "https://evil.example/cert" })],
  ["x5c", headed({ x5c: ["MIIB"] })],
  ["crit", headed({ crit: ["exp"] })],
  ["crit empty", headed({ crit: [] })],
  ["b64 false", headed({ b64: false, crit: ["b64"] })],
  ["zip", headed({ zip: "DEF" })],
  ["cty JWT", headed({ cty: "JWT" })],
  ["typ other", headed({ typ: "at+jwt" })],
  ["typ in small letters", headed({ typ: "jwt" })],
  ["typ missing", signed({ alg: "HS256", kid: header["kid"] }, claims)],
  ["a header with spaces", signed(Buffer.from(JSON.stringify(header, null, 1)), claims)],
  ["a header that is a list", signed([header], claims)],
  ["a header that is no JSON", signed(Buffer.from("{"), claims)],
  [
    "a header with alg twice",
    signed(Buffer.from('{"alg":"none","alg":"HS256","typ":"JWT"}'), claims),
  ],
  ["no exp", without("exp")],
  ["exp as text", saying({ exp: String(now + 900) })],
  ["exp with a fraction", saying({ exp: now + 900.5 })],
  ["exp negative", saying({ exp: -1 })],
  ["exp zero", saying({ exp: 0 })],
  ["exp null", saying({ exp: null })],
  ["exp a list", saying({ exp: [now + 900] })],
  ["exp beyond all numbers", raw(JSON.stringify(claims).replace(/"exp":\d+/, '"exp":1e400'))],
  ["exp over", saying({ exp: now - 1 })],
  ["exp just now", saying({ exp: now })],
  ["nbf ahead", saying({ nbf: now + 3600 })],
  ["nbf as text", saying({ nbf: String(now) })],
  ["iat ahead", saying({ iat: now + 3600 })],
  ["iat as text", saying({ iat: "now" })],
  ["iss of somebody else", saying({ iss: "https://evil.example" })],
  ["iss in capitals", saying({ iss: "NEXUS" })],
  ["iss missing", without("iss")],
  ["iss a list", saying({ iss: ["nexus"] })],
  ["aud of somebody else", saying({ aud: "other" })],
  ["aud a list with ours", saying({ aud: ["nexus"] })],
  ["aud a list with others", saying({ aud: ["nexus", "other"] })],
  ["aud missing", without("aud")],
  ["sub a number", saying({ sub: 7 })],
  ["sub a list", saying({ sub: ["7"] })],
  ["sub an object", saying({ sub: { $ne: null } })],
  ["sub true", saying({ sub: true })],
  ["sub null", saying({ sub: null })],
  ["sub empty", saying({ sub: "" })],
  ["sub missing", without("sub")],
  ["sid missing", without("sid")],
  ["sid empty", saying({ sid: "" })],
  ["sid a number", saying({ sid: 1 })],
  ["sub twice", raw(JSON.stringify(claims).replace("{", '{"sub":"1",'))],
  ["exp twice", raw(JSON.stringify(claims).replace("{", '{"exp":1,'))],
  ["__proto__ in the payload", raw('{"__proto__":{"sub":"7","sid":"s"},"exp":9e9}')],
  ["a payload with spaces", raw(JSON.stringify(claims, null, 2))],
  ["a payload that is a list", raw(JSON.stringify([claims]))],
  ["a payload that is null", raw("null")],
  ["a payload that is text", raw('"7"')],
  ["a payload that is no JSON", raw("{")],
  ["a payload that is no UTF-8", signed(header, Buffer.from([0xff, 0xfe]))],
  ["a payload with a byte order mark", raw(`\ufeff${JSON.stringify(claims)}`)],
  ["an empty payload, signed", raw("")],
  [
    "signed with another secret",
    signed(header, claims, "sha256", "somebody else's, thirty-two bytes"),
  ],
  ["signed with nothing", signed(header, claims, "sha256", "")],
  ["signed with the old secret, as if with the new one", signed(header, claims, "sha256", older)],
  ["nothing", ""],
  ["one dot", "."],
  ["two dots", ".."],
  ["three dots", "..."],
  ["an empty header", `.${payload}.${signature}`],
  ["an empty payload", `${head}..${signature}`],
  ["a fourth part", `${good}.x`],
  ["a fourth part that is empty", `${good}.`],
  ["five parts, as of an encrypted one", `${head}.${payload}.${signature}.${payload}.${signature}`],
  ["unicode", "🙂.🙂.🙂"],
  ["letters that look like ours", good.replace("e", "\u0435")],
  ["full-width dots", good.replaceAll(".", "\uff0e")],
  ["a million letters", "A".repeat(1_000_000)],
  ["a million dots", ".".repeat(1_000_000)],
  ["a huge payload, signed", saying({ more: "x".repeat(10_000) })],
  ["the word Bearer before it", `Bearer ${good}`],
  ["quotes around it", `"${good}"`],
  ["the JSON form", JSON.stringify({ payload, protected: head, signature })],
];

test.each(forged)("a forged token is refused: %s", (_, token) => {
  expect(token).not.toBe(good);
  expect(refusalOf(tokens, token)).toMatch(/^(Invalid token|Token has expired)$/);
  // Nor does it help to come again, or that the good one is known.
  tokens.verify(good);
  expect(refusalOf(tokens, token)).toMatch(/^(Invalid token|Token has expired)$/);
});

test("there are enough of them, each once", () => {
  expect(new Set(forged.map(([name]) => name)).size).toBe(forged.length);
  expect(new Set(forged.map(([, token]) => token)).size).toBe(forged.length);
  expect(forged.length).toBeGreaterThan(100);
});

function encode(value: unknown): string {
  const bytes = Buffer.isBuffer(value) ? value : Buffer.from(JSON.stringify(value));
  return bytes.toString("base64url");
}

function caught(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

function refusalOf(own: Tokens, token: string): string {
  const error = caught(() => own.verify(token));
  if (!isHTTPException(error) || error.status !== 401) throw new Error("It was not refused.");
  return error.detail;
}

function kidOf(other: string): unknown {
  const [own = ""] = createTokens({ secrets: [other], ...clock })
    .issue(whose)
    .token.split(".");
  return (JSON.parse(Buffer.from(own, "base64url").toString()) as { kid: string }).kid;
}

function swapFirst(text: string): string {
  return (text.startsWith("A") ? "B" : "A") + text.slice(1);
}

function nextLetter(letter: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  return alphabet[alphabet.indexOf(letter) + 1]!;
}

/** A token whose signature differs in plain base64: one has to be looked for. */
function plain(start: string): string {
  if (/[-_]/.test(signature)) {
    return start + signature.replaceAll("-", "+").replaceAll("_", "/");
  }
  return `${start}${signature}+/`;
}
