import { z } from "zod";

/** Standard API response format. */
export const APIResponse = {
  success: <T>(data: T, message = "Success") => ({
    success: true as const,
    message,
    data,
    timestamp: new Date(),
  }),
  error: (message: string, code: string | null = null, details: unknown = null) => ({
    success: false as const,
    error: { message, code, details },
    timestamp: new Date(),
  }),
};

/** The schema of `APIResponse.success` with such data. */
export const successOf = <T extends z.ZodType>(data: T) =>
  z.object({ success: z.literal(true), message: z.string(), data, timestamp: z.date() });

/** The schema of `APIResponse.error`. */
export const Failure = z
  .object({
    success: z.literal(false),
    error: z.object({
      message: z.string(),
      code: z.string().nullable(),
      details: z.unknown(),
    }),
    timestamp: z.date(),
  })
  .meta({ id: "Failure" });
