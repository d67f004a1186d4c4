import type { Fields } from "../dependency.ts";
import { HTTPException } from "../exceptions.ts";
import type { Request } from "../message/index.ts";
import { mediaTypeOf, refuseEncoded, unsupported } from "./body.ts";
import { compilePart, grouped, type Read, readAll, type Source } from "./input.ts";

const urlencoded = "application/x-www-form-urlencoded";
/** As Starlette has it. */
const maxFields = 1000;

/** Compiles the reading of a form: its fields join the other inputs. */
export function compileForm(fields: Fields): Read {
  const forms = new WeakMap<Request, URLSearchParams>();
  const source: Source = {
    one: (request, wire) => forms.get(request)!.getAll(wire).at(-1),
    all: (request, wire) =>
      forms.get(request)!.has(wire) ? forms.get(request)!.getAll(wire) : undefined,
    group: (request) => grouped(forms.get(request)!),
  };
  const read = readAll(compilePart("body", fields, source));
  return async (context, into, faults) => {
    forms.set(context.request, await readForm(context.request));
    await read(context, into, faults);
  };
}

/** @throws 415 413 400 */
async function readForm(request: Request): Promise<URLSearchParams> {
  if (!request.body) return new URLSearchParams();
  refuseEncoded(request);
  if (mediaTypeOf(request).toLowerCase() !== urlencoded) throw unsupported(request, urlencoded);
  const form = new URLSearchParams(await request.text());
  if (form.size > maxFields) {
    throw new HTTPException(400, `Too many fields. Maximum number of fields is ${maxFields}.`);
  }
  return form;
}
