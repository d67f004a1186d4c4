import type { Context } from "../context.ts";
import type { Fields } from "../dependency.ts";
import type { ErrorItem } from "../exceptions.ts";
import type { Request } from "../message/index.ts";
import { describeWhole, isSchema, itemsOf, type Schema, validatorOf } from "../validation/index.ts";
import { type Checked, membersOf, wireNameOf } from "./field.ts";
import { type FileRules, rulesOf } from "./file-field.ts";
import { compilePart, grouped, type Part, type Read, readAll, type Source } from "./input.ts";
import { type Form, readForm } from "./read-form.ts";

/** For boundaries, heads of parts and texts, beside the files. */
const maxRest = 2 * 1024 * 1024;

/**
 * Compiles the reading of a form: its fields join the other inputs.
 * @param isLimited the route says how large a body may be; else that follows from the files
 */
export function compileForm(fields: Fields, isLimited: boolean): Read {
  const forms = new WeakMap<Request, Form>();
  const formOf = ({ request }: Pick<Context, "request">): Form => forms.get(request)!;
  const rules = new Map<string, FileRules>();
  const read = readAll(
    isSchema(fields)
      ? textParts(fields, formOf)
      : Object.entries(fields).flatMap(([name, schema]) => {
          const rule = rulesOf(schema);
          if (!rule) return textParts({ [name]: schema }, formOf);
          const wire = wireNameOf("body", name, schema);
          rules.set(wire, rule);
          return { name, read: fileReader(wire, schema, rule, formOf) };
        }),
  );
  const most = isLimited || !rules.size ? undefined : mostOf(rules);
  return async (context, into, faults) => {
    forms.set(context.request, await readForm(context, rules, most));
    await read(context, into, faults);
  };
}

type FormOf = (context: Pick<Context, "request">) => Form;

/** Texts are read as those of a query are; a file under the name of one is a fault. */
function textParts(fields: Fields, formOf: FormOf): Part[] {
  const textsOf = (request: Request): URLSearchParams => formOf({ request }).texts;
  const source: Source = {
    one: (request, wire) => textsOf(request).getAll(wire).at(-1),
    all: (request, wire) =>
      textsOf(request).has(wire) ? textsOf(request).getAll(wire) : undefined,
    group: (request) => grouped(textsOf(request)),
  };
  const names = isSchema(fields)
    ? [...membersOf(describeWhole(fields, "input")).keys()]
    : Object.entries(fields).map(([name, schema]) => wireNameOf("body", name, schema));
  return compilePart("body", fields, source).map((part) => ({
    ...part,
    read(context) {
      const { files } = formOf(context);
      const strays = names.filter((name) => files.isStray(name));
      return strays.length ? refuse(strays, part.read(context)) : part.read(context);
    },
  }));
}

async function refuse(
  strays: readonly string[],
  checked: ReturnType<Part["read"]>,
): Promise<Checked> {
  const { faults = [] } = await checked;
  const others = faults.filter(({ loc }) => !strays.includes(String(loc[1])));
  return { faults: [...strays.map((name) => unexpected(name, "text", "a file")), ...others] };
}

function fileReader(
  wire: string,
  schema: Schema,
  { many }: FileRules,
  formOf: FormOf,
): Part["read"] {
  const validate = validatorOf(schema);
  return async (context) => {
    const { texts, files } = formOf(context);
    const found = files.of(wire);
    // An input without a file is an empty text where a form is urlencoded.
    if (!found.length && texts.getAll(wire).some(Boolean))
      return { faults: [unexpected(wire, "UploadFile", "text")] };
    const value = many ? (found.length ? found : undefined) : found[0];
    const result = await validate(value);
    return result.issues ? { faults: itemsOf(result.issues, ["body", wire], value) } : result;
  };
}

function unexpected(wire: string, wanted: string, received: string): ErrorItem {
  const msg = `Expected ${wanted}, received: ${received}`;
  return { loc: ["body", wire], type: "value_error", msg };
}

function mostOf(rules: ReadonlyMap<string, FileRules>): number {
  let most = maxRest;
  for (const { many, max, maxSize } of rules.values()) most += (many ? max : 1) * maxSize;
  return most;
}
