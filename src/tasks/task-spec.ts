import { unknownIn } from "../config/index.ts";
import { NexusError } from "../exceptions.ts";
import { isSchema } from "../validation/index.ts";
import { longestSeconds } from "../waiting.ts";

const known = "input output retries backoff timeout concurrency cron unique".split(" ");

/**
 * For those who write JavaScript: what the types forbid is an error here too.
 * @throws NX_TASK_SPEC
 */
export function checkTaskSpec(spec: object, handler: unknown, place: string): void {
  const fail = (what: string, cure: string): never => {
    throw taskSpecError(place, what, cure);
  };
  const said = spec as Readonly<Record<string, unknown>>;
  const isObject = typeof spec === "object" && spec !== null && !isSchema(spec);
  if (!isObject || typeof handler !== "function")
    fail("is no task", "Write task({ input: … }, async ({ input }) => …).");
  const unknown = unknownIn(said, known, "A task understands");
  if (unknown) fail(`says ${unknown.names}, which no task understands`, unknown.cure);
  for (const name of ["input", "output"]) {
    if (said[name] !== undefined && !isSchema(said[name]))
      fail(`has no schema as "${name}"`, "Give it one, as in z.object({ … }).");
  }
  const number = (name: string, fits: (value: number) => boolean, cure: string): void => {
    const value = said[name];
    if (value !== undefined && !(typeof value === "number" && fits(value)))
      fail(`says ${name}: ${JSON.stringify(value)}`, cure);
  };
  const isWhole = Number.isSafeInteger;
  number("retries", (n) => isWhole(n) && n >= 0, "Write a whole number, 0 or more.");
  number("concurrency", (n) => isWhole(n) && n >= 1, "Write a whole number, 1 or more.");
  number("backoff", (n) => n >= 0 && n <= longestSeconds, "Write seconds, 0 or more.");
  number("timeout", (n) => n > 0 && n <= longestSeconds, "Write seconds, more than 0.");
  const { unique, cron } = said;
  if (unique !== undefined && unique !== true && typeof unique !== "function")
    fail("says a unique that is neither", "Write true, or a function of the input.");
  if (cron !== undefined) checkCron(cron, fail);
}

/** What can be seen without knowing the pattern. */
function checkCron(cron: unknown, fail: (what: string, cure: string) => never): void {
  const cure = 'Write "0 3 * * *", or { pattern, timezone, input }.';
  if (typeof cron === "string") return;
  if (typeof cron !== "object" || cron === null) return fail("says a cron that is none", cure);
  const { pattern, timezone = "", input: _, ...others } = cron as Record<string, unknown>;
  if (typeof pattern !== "string" || typeof timezone !== "string" || Object.keys(others).length)
    fail("says a cron that is none", cure);
}

/** @param where the task: its place, or its name with its place */
export function taskSpecError(
  where: string,
  what: string,
  cure: string,
  cause?: unknown,
): NexusError {
  return new NexusError("NX_TASK_SPEC", `The task ${where} ${what}.`, { cure, cause });
}
