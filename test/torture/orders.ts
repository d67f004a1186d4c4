import { z } from "zod";

/** What is ordered: the n-th task, which takes so many milliseconds. */
export const Order = z.object({ n: z.int(), ms: z.number() });
export type Order = z.output<typeof Order>;

/** What becomes of the n-th task. */
export function outcomeOf(n: number): "completed" | "second try" | "delayed" | "failed" {
  if (n % 10 === 7) return "failed";
  if (n % 10 === 6) return "second try";
  return n % 10 === 8 ? "delayed" : "completed";
}
