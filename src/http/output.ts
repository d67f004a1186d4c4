import { NexusError } from "../exceptions.ts";
import {
  fromWebResponse,
  isBodiless,
  isWebResponse,
  JSONResponse,
  type Request,
  Response,
  toJSON,
} from "../message/index.ts";
import { itemsOf, makesJSON, type Schema, validatorOf } from "../validation/index.ts";
import { formOf, streamed } from "./answers.ts";

/** Makes a response of what a handler returned for a request. */
export type Output = (value: unknown, request: Request) => Response | Promise<Response>;

/**
 * Compiles the way out: a Response goes as it is; anything else is checked by the schema, filtered
 * to it, and written as JSON.
 * @param where the route, for the message when a handler breaks its promise
 */
export function compileOutput(
  schema: Schema | undefined,
  status: number,
  where: () => string,
): Output {
  const write = compileWrite(schema, status, where);
  return (value, request) => {
    if (value instanceof Response) return value.answerTo?.(request) ?? value;
    return isWebResponse(value) ? fromWebResponse(value) : write(value);
  };
}

function compileWrite(
  schema: Schema | undefined,
  status: number,
  where: () => string,
): (value: unknown) => Response | Promise<Response> {
  const isBare = isBodiless(status);
  const options = { status };
  const writeJSON = (value: unknown, write?: (value: unknown) => string): Response =>
    isBare ? new Response(null, options) : new JSONResponse(value, options, write);
  if (!schema) return (value) => writeJSON(value);
  const form = formOf(schema);
  if (!form) {
    let write: ((value: unknown) => string) | undefined;
    return compileCheck(schema, where, (value) =>
      writeJSON(value, (write ??= makesJSON(schema) ? writePlain : toJSON)),
    );
  }
  if (form.kind === "media")
    return (value) => {
      throw broken(
        `${where()} returned ${value === undefined ? value : `a ${typeof value}`}, but its response is media(…)`,
        "Return a FileResponse, a StreamingResponse or another Response.",
      );
    };
  const check = compileCheck(form.item, where, (item) => item);
  return (value) => {
    const response = streamed(form, value, check, status);
    if (response) return response;
    throw broken(
      `${where()} returned nothing that gives items one after the other`,
      "Return a generator, a list or a stream.",
    );
  };
}

/** What nothing was lost of need not be looked through for it. */
function writePlain(value: unknown): string {
  return JSON.stringify(value) ?? "null";
}

/** Checks a value before it goes on, at once where its schema allows that. */
function compileCheck<R>(
  schema: Schema,
  where: () => string,
  go: (value: unknown) => R,
): (value: unknown) => R | Promise<R> {
  const validate = validatorOf(schema);
  return (value) => {
    const result = validate(value);
    const checked = (settled: Awaited<typeof result>): R => {
      if (!settled.issues) return go(settled.value);
      if (value === undefined)
        throw broken(
          `${where()} returned undefined, which its response schema refuses`,
          "Is a return missing?",
        );
      const faults = itemsOf(settled.issues, ["response"], value).map(
        ({ loc, msg }) => `${loc.join(".")}: ${msg}`,
      );
      throw broken(
        `${where()} returned what its response schema refuses: ${faults.join("; ")}`,
        "Mend the handler or the schema; a client gets a bare 500.",
      );
    };
    return result instanceof Promise ? result.then(checked) : checked(result);
  };
}

function broken(what: string, cure: string): NexusError {
  return new NexusError("NX_RESPONSE", `${what}.`, { cure });
}
