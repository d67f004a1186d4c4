import { randomFillSync } from "node:crypto";

/** Bytes of one. */
const size = 16;
/** Made for many at a time: the random bytes of one alone cost more than all else of it. */
const random = Buffer.alloc(128 * size);
let at = random.length;

/** 128 random bits in hexadecimal digits, as a `trace-id` of W3C Trace Context is written. */
export function createTraceId(): string {
  if (at === random.length) {
    randomFillSync(random);
    at = 0;
  }
  return random.toString("hex", at, (at += size));
}
