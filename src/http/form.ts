import type { Context } from "../context.ts";
import type { Fields } from "../dependency.ts";
import type { ErrorItem } from "../exceptions.ts";
import type { Request } from "../message/index.ts";
import { describeWhole, isSchema, itemsOf, type Schema, validatorOf } from "../validation/index.ts";
import { membersOf, wireNameOf } from "./field.ts";
import { type FileRules, rulesOf } from "./file-field.ts";
import { compileTexts, HandlerInput, inOrder, keep, type Read } from "./input.ts";
import { type Form, readForm } from "./read-form.ts";
import { DecodedTexts } from "./texts.ts";

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
  const read = inOrder(
    isSchema(fields)
      ? textReads(fields, formOf)
      : Object.entries(fields).flatMap(([name, schema]) => {
          const rule = rulesOf(schema);
          if (!rule) return textReads({ [name]: schema }, formOf);
          const wire = wireNameOf("body", name, schema);
          rules.set(wire, rule);
          return fileRead(name, wire, schema, rule, formOf);
        }),
  );
  const most = isLimited || !rules.size ? undefined : mostOf(rules);
  return async (context, into, faults) => {
    forms.set(context.request, await readForm(context, rules, most));
    await read?.(context, into, faults);
  };
}

type FormOf = (context: Pick<Context, "request">) => Form;

/** Texts are read as those of a query are; a file under the name of one is a fault. */
function textReads(fields: Fields, formOf: FormOf): Read[] {
  const names = isSchema(fields)
    ? [...membersOf(describeWhole(fields, "input")).keys()]
    : Object.entries(fields).map(([name, schema]) => wireNameOf("body", name, schema));
  return compileTexts("body", fields, (request) => new DecodedTexts(formOf({ request }).texts)).map(
    (read): Read =>
      (context, into, faults) => {
        const { files } = formOf(context);
        const strays = names.filter((name) => files.isStray(name));
        return strays.length ? refuse(strays, read, context, faults) : read(context, into, faults);
      },
  );
}

async function refuse(
  strays: readonly string[],
  read: Read,
  context: Context,
  faults: ErrorItem[],
): Promise<void> {
  const others: ErrorItem[] = [];
  await read(context, new HandlerInput(context), others);
  for (const name of strays) faults.push(unexpected(name, "text", "a file"));
  for (const other of others) if (!strays.includes(String(other.loc[1]))) faults.push(other);
}

function fileRead(
  name: string,
  wire: string,
  schema: Schema,
  { many }: FileRules,
  formOf: FormOf,
): Read {
  const validate = validatorOf(schema);
  return async (context, into, faults) => {
    const { texts, files } = formOf(context);
    const found = files.of(wire);
    // An input without a file is an empty text where a form is urlencoded.
    if (!found.length && texts.getAll(wire).some(Boolean)) {
      faults.push(unexpected(wire, "UploadFile", "text"));
      return;
    }
    const value = many ? (found.length ? found : undefined) : found[0];
    const result = await validate(value);
    await keep(
      name,
      result.issues ? { faults: itemsOf(result.issues, ["body", wire], value) } : result,
      into,
      faults,
    );
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
