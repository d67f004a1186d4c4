import { argon2, type Argon2Parameters, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";

const derive = promisify(argon2);
/** Of memory in KiB, passes over it, and lanes: OWASP's recommendation for argon2id. */
const cost = { memory: 19_456, passes: 2, parallelism: 1 };

/** A password as it may be stored: a text in PHC format, with a salt of its own. */
export async function hashPassword(password: string): Promise<string> {
  const nonce = randomBytes(16);
  const hash = await inTurn(() =>
    derive("argon2id", { message: password, nonce, tagLength: 32, ...cost }),
  );
  const { memory, passes, parallelism } = cost;
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${encode(nonce)}$${encode(hash)}`;
}

/** Whether a password is the one that a hash was made of. */
export async function verifyPassword(password: string, stored: string): Promise<boolean> {
  const { hash, ...parameters } = parse(stored);
  const given = await inTurn(() => derive("argon2id", { message: password, ...parameters }));
  return timingSafeEqual(given, hash);
}

/** Hashing is done by Node's four threads: two at once leave room for files and other work. */
let free = 2;
const waiting: (() => void)[] = [];

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (free > 0) free--;
  else await new Promise<void>((resolve) => waiting.push(resolve));
  try {
    return await work();
  } finally {
    // Whoever waits takes over the place.
    const next = waiting.shift();
    if (next) next();
    else free++;
  }
}

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

/** Base64 without padding, as PHC has it. */
function encode(bytes: Buffer): string {
  return bytes.toString("base64").replace(/=+$/, "");
}
