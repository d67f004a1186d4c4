import { HTTPException } from "../exceptions.ts";
import type { ErrorItem } from "../exceptions.ts";
import type { Request } from "../message/index.ts";
import {
  describeWhole,
  itemsOf,
  reviverOf,
  type Schema,
  validatorOf,
} from "../validation/index.ts";
import type { Read } from "./input.ts";
import { parseJSON } from "./json.ts";

const json = /^application\/(?:[\w!#$&^.+-]+\+)?json$/i;
const missing: ErrorItem = { loc: ["body"], type: "missing", msg: "Field required" };

/** Compiles the reading of a JSON body into `body`. */
export function compileBody(schema: Schema): Read {
  const validate = validatorOf(schema);
  const described = describeWhole(schema, "input");
  const revive = reviverOf(described);
  return async ({ request }, into, faults) => {
    const text = await readText(request);
    const parsed = text === "" ? undefined : parseJSON(text);
    const value = revive ? revive(parsed) : parsed;
    const pending = validate(value);
    const result = pending instanceof Promise ? await pending : pending;
    if (!result.issues) into["body"] = result.value;
    else if (value === undefined || value === null) faults.push(missing);
    else faults.push(...itemsOf(result.issues, ["body"], value, described));
  };
}

/** @throws 415 for bytes that are not called JSON */
async function readText(request: Request): Promise<string> {
  if (!request.body) return "";
  if (!json.test(mediaTypeOf(request))) throw unsupported(request, "application/json");
  return request.text();
}

/** The Content-Type without its parameters. */
export function mediaTypeOf(request: Request): string {
  return (request.headers.get("content-type") ?? "").split(";", 1)[0]!.trim();
}

export function unsupported(request: Request, wanted: string): HTTPException {
  const type = mediaTypeOf(request);
  const found = type ? `not ${JSON.stringify(type.slice(0, 100))}` : "and the request names none";
  return new HTTPException(415, `The body must be ${wanted}, ${found}`, {
    headers: { Accept: wanted },
  });
}
