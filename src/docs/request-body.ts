import type { Fields } from "../dependency.ts";
import { type RouteSpec, rulesOf, wireNameOf } from "../http/index.ts";
import { describe, isSchema, type JSONSchema } from "../validation/index.ts";
import type { Components } from "./components.ts";
import type { Encoding, RequestBody } from "./document.ts";
import { type Field, fieldsOf, isRequired } from "./fields.ts";

const multipart = "multipart/form-data";
const urlencoded = "application/x-www-form-urlencoded";

/** Describes what a route reads as its body, or as its form. */
export function requestBodyOf(
  { body, form }: RouteSpec,
  components: Components,
  where: string,
): RequestBody | undefined {
  const add = (json: JSONSchema): JSONSchema =>
    components.add(json, { direction: "input", where: `${where}_body` });
  if (body) {
    const json = describe(body, "input") ?? {};
    const content = { "application/json": { schema: add(json) } };
    return { required: isRequired(body, json), content };
  }
  if (!form) return undefined;
  const fields = fieldsOf("body", form);
  const schema = add(isSchema(form) ? (describe(form, "input") ?? {}) : objectOf(fields));
  const encoding = encodingOf(form);
  return {
    required: fields.some(({ required }) => required),
    // Texts come either way; files only as parts.
    content: encoding
      ? { [multipart]: { schema, ...(Object.keys(encoding).length > 0 && { encoding }) } }
      : { [urlencoded]: { schema }, [multipart]: { schema } },
  };
}

function objectOf(fields: readonly Field[]): JSONSchema {
  const required = fields.flatMap((field) => (field.required ? field.name : []));
  // Each schema has its definitions at its own root; here they are inside another.
  const $defs = Object.assign({}, ...fields.map(({ schema }) => schema.$defs)) as Record<
    string,
    JSONSchema
  >;
  const properties = Object.fromEntries(
    fields.map(({ name, schema: { $defs: _, ...schema } }) => [name, schema]),
  );
  return { type: "object", properties, ...(required.length > 0 && { required }), $defs };
}

/** The types of files that are let in, by field; `undefined` for a form without files. */
function encodingOf(form: Fields): Record<string, Encoding> | undefined {
  if (isSchema(form)) return undefined;
  const files = Object.entries(form).flatMap(([name, schema]) => {
    const rules = rulesOf(schema);
    return rules ? [[wireNameOf("body", name, schema), rules.types] as const] : [];
  });
  if (!files.length) return undefined;
  return Object.fromEntries(
    files.flatMap(([name, types]) => (types ? [[name, { contentType: types.join(", ") }]] : [])),
  );
}
