import { randomFillSync } from "node:crypto";

/** How many are made at a time: the random bytes of one alone cost more than all else of it. */
const batch = 128;
const pattern = "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx";
const symbols = Buffer.from("0123456789abcdef-");

// Of each place: which bits of a random byte stay, and which are set. Together they are the number of a symbol.
const kept = Uint8Array.from(pattern, (place) =>
  place === "x" ? 0b1111 : place === "y" ? 0b11 : 0,
);
const fixed = Uint8Array.from(pattern, (place) => ({ x: 0, y: 0b1000, "4": 4, "-": 16 })[place]!);

let made = "";
let at = 0;

/**
 * A random UUID (RFC 9562, version 4). One of `randomUUID` is twenty texts, which are put together whenever
 * somebody reads it: those of a batch are one text.
 */
export function createUUID(): string {
  if (at === made.length) {
    made = makeBatch();
    at = 0;
  }
  return made.slice(at, (at += pattern.length));
}

function makeBatch(): string {
  const bytes = randomFillSync(Buffer.allocUnsafe(batch * pattern.length));
  for (let start = 0; start < bytes.length; start += pattern.length)
    for (let place = 0; place < pattern.length; place++)
      bytes[start + place] = symbols[(bytes[start + place]! & kept[place]!) | fixed[place]!]!;
  return bytes.toString("latin1");
}
