import { NexusError } from "../exceptions.ts";
import { fromWebResponse, isWebResponse, JSONResponse, Response } from "../message/index.ts";
import { itemsOf, type Schema, validatorOf } from "../validation/index.ts";

/** Makes a response of what a handler returned. */
export type Output = (value: unknown) => Response | Promise<Response>;

/**
 * Compiles the way out: a Response goes as it is; anything else is checked by the schema, filtered
 * to it, and written as JSON.
 * @param where the route, for the message when a handler breaks its promise
 */
export function compileOutput(schema: Schema | undefined, status: number, where: string): Output {
  const write = (value: unknown): Response =>
    status === 204 || status === 205 || status === 304
      ? new Response(null, { status })
      : new JSONResponse(value, { status });
  const validate = schema && validatorOf(schema);
  return (value) => {
    if (value instanceof Response) return value;
    if (isWebResponse(value)) return fromWebResponse(value);
    if (!validate) return write(value);
    const result = validate(value);
    const checked = (settled: Awaited<typeof result>): Response => {
      if (!settled.issues) return write(settled.value);
      const faults = itemsOf(settled.issues, ["response"], value).map(
        ({ loc, msg }) => `${loc.join(".")}: ${msg}`,
      );
      throw new NexusError(
        "NX_RESPONSE",
        value === undefined
          ? `${where} returned undefined, which its response schema refuses.`
          : `${where} returned what its response schema refuses: ${faults.join("; ")}.`,
        {
          cure:
            value === undefined
              ? "Is a return missing?"
              : "Mend the handler or the schema; a client gets a bare 500.",
        },
      );
    };
    return result instanceof Promise ? result.then(checked) : checked(result);
  };
}
