import { createHash, randomBytes } from "node:crypto";

/** A secret to give away: 256 random bits. */
export function newSecret(): string {
  return randomBytes(32).toString("base64url");
}

/** What is stored of one; what has so many random bits needs no slow hash. */
export function hashOf(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}
