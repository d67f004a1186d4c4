import { HTTPException } from "../exceptions.ts";
import type { ErrorItem } from "../exceptions.ts";
import { bareType, type Request } from "../message/index.ts";
import {
  describeWhole,
  itemsOf,
  mayWantBigInt,
  type Result,
  reviverOf,
  type Schema,
  validatorOf,
} from "../validation/index.ts";
import { type HandlerInput, lazily, type Read } from "./input.ts";
import { findLarge, parseJSON, type Parsed } from "./json.ts";

const usual = "application/json";
const json = /^application\/(?:[\w!#$&^.+-]+\+)?json$/;
const nothing: Parsed = { value: undefined, hasLarge: false };
const missing: ErrorItem = { loc: ["body"], type: "missing", msg: "Field required" };

/** Compiles the reading of a JSON body into `body`. */
export function compileBody(schema: Schema): Read {
  return lazily(() => readBody(schema));
}

function readBody(schema: Schema): Read {
  const validate = validatorOf(schema);
  const described = describeWhole(schema, "input");
  const revive = reviverOf(described);
  const wantsLarge = mayWantBigInt(described);
  const take = (text: string, into: HandlerInput, faults: ErrorItem[]) => {
    const { value: sent, hasLarge } = text === "" ? nothing : parseJSON(text);
    const value = revive ? revive(sent) : sent;
    const conclude = (result: Result): undefined => {
      if (result.issues) {
        if (value === undefined || value === null) faults.push(missing);
        else
          for (const item of itemsOf(result.issues, ["body"], value, described)) faults.push(item);
        return;
      }
      // Let through by a schema that takes anything: code that expects JSON would stumble over it.
      const large = hasLarge && !wantsLarge ? findLarge(value) : undefined;
      if (large) faults.push(tooLarge(large));
      else into["body"] = result.value;
    };
    const result = validate(value);
    return result instanceof Promise ? result.then(conclude) : conclude(result);
  };
  return ({ request }, into, faults) => {
    const text = readText(request);
    return typeof text === "string"
      ? take(text, into, faults)
      : text.then((whole) => take(whole, into, faults));
  };
}

function tooLarge(place: readonly (string | number)[]): ErrorItem {
  return {
    loc: ["body", ...place],
    type: "int_parsing_size",
    msg: "Input should be an integer between -(2^53 - 1) and 2^53 - 1",
  };
}

/** @throws 415 for bytes that are not called JSON */
function readText(request: Request): string | Promise<string> {
  if (!request.hasBody) return "";
  refuseEncoded(request);
  const isUsual = request.headers.get("content-type") === usual;
  if (!isUsual && !json.test(mediaTypeOf(request))) throw unsupported(request, usual);
  return request.wholeText();
}

/** @throws 415 for a body that is compressed: what it unpacks to has no limit */
export function refuseEncoded(request: Request): void {
  const encoding = request.headers.get("content-encoding") ?? "identity";
  if (encoding.toLowerCase() === "identity") return;
  throw new HTTPException(415, `The body must not be encoded as ${encoding.slice(0, 100)}`, {
    headers: { "Accept-Encoding": "identity" },
  });
}

/** The Content-Type without its parameters, in small letters. */
export function mediaTypeOf(request: Request): string {
  return bareType(request.headers.get("content-type") ?? "");
}

export function unsupported(request: Request, ...wanted: readonly string[]): HTTPException {
  const type = mediaTypeOf(request);
  const found = type ? `not ${JSON.stringify(type.slice(0, 100))}` : "and the request names none";
  return new HTTPException(415, `The body must be ${wanted.join(" or ")}, ${found}`, {
    headers: { Accept: wanted.join(", ") },
  });
}
