import { z } from "zod";
import { type Schema, useCompiler } from "./validation/index.ts";

// Loaded as soon as a route has a Zod schema: such schemas are compiled.
useCompiler("zod", (schema) => z.compile(schema as Schema & z.ZodType));

export interface TextOptions {
  /** Characters. */
  readonly min?: number;
  /** Characters. */
  readonly max?: number;
}

/**
 * Text with its length in characters (code points), as people and JSON Schema count it:
 * `z.string().min(3)` takes one emoji for two.
 */
export function text({ min, max }: TextOptions = {}): z.ZodString {
  return z
    .string()
    .check(({ value, issues }) => {
      // No text has more code points than UTF-16 units: most need no counting.
      const length = value.length > (max ?? 0) || min !== undefined ? charactersIn(value) : 0;
      const limit = { origin: "string", inclusive: true, input: value } as const;
      if (min !== undefined && length < min)
        issues.push({ code: "too_small", minimum: min, ...limit });
      if (max !== undefined && length > max)
        issues.push({ code: "too_big", maximum: max, ...limit });
    })
    .meta({
      ...(min !== undefined && { minLength: min }),
      ...(max !== undefined && { maxLength: max }),
    });
}

function charactersIn(value: string): number {
  let count = 0;
  for (const _ of value) count++;
  return count;
}
