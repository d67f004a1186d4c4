import { type Endpoint, formOf, type RouteSpec } from "../http/index.ts";
import { currentLog } from "../log.ts";
import { isSchema, type Schema } from "../validation/index.ts";

const warned = new WeakSet<object>();

/** Says, once a route, that its answer (or a part of it) is documented as "any". */
export function warnOfUndescribed({ declared, scope }: Endpoint): void {
  const { response, hidden } = declared.spec;
  if (warned.has(declared)) return;
  warned.add(declared);
  const warn = (text: string): void => scope.run(currentLog).warn(text);
  const mute = textSchemasOf(declared.spec).find(
    (schema) => !("jsonSchema" in schema["~standard"]),
  );
  if (mute) {
    warn(
      `${declared.method} ${declared.path} (${declared.place}) has an input whose schema does not say what it wants: texts are not read as numbers or booleans for it. ` +
        cureOf(mute),
    );
  }
  const form = formOf(response);
  const described = form?.kind === "media" ? undefined : (form?.item ?? response);
  if (!described || hidden || isDescribed(described)) return;
  warn(
    `${declared.method} ${declared.path} (${declared.place}) has a response that JSON Schema cannot describe: it is documented as "any". ` +
      cureOf(described),
  );
}

/** The schemas of what comes as text. */
function textSchemasOf({ path, query, headers, cookies, form }: RouteSpec): Schema[] {
  return [path, query, headers, cookies, form].flatMap((part) =>
    part && !isSchema(part) ? Object.values(part) : (part ?? []),
  );
}

/** Zod can but for a few kinds; some libraries need a converter for all of theirs. */
function cureOf(schema: Schema): string {
  const { vendor, jsonSchema } = schema["~standard"] as { vendor: string; jsonSchema?: unknown };
  if (jsonSchema !== undefined) return "End a transform with .pipe(schema) of what it makes.";
  return vendor === "valibot"
    ? "Wrap the schema with toStandardJsonSchema of @valibot/to-json-schema."
    : `Wrap the schema with what gives those of ${vendor} a JSON Schema.`;
}

// What Zod would write as {}, as it writes what may truly be anything.
const indescribable = new Set([
  "transform",
  "custom",
  "function",
  "symbol",
  "map",
  "set",
  "promise",
]);

function isDescribed(schema: Schema): boolean {
  const standard = schema["~standard"] as { readonly jsonSchema?: Converters };
  let described = true;
  const override = ({ zodSchema, jsonSchema }: Visited): void => {
    const type = zodSchema?._zod.def.type ?? "";
    if (indescribable.has(type) && Object.keys(jsonSchema).length === 0) described = false;
  };
  try {
    const libraryOptions = { unrepresentable: "any", override };
    return (
      standard.jsonSchema?.output({ target: "draft-2020-12", libraryOptions }) !== undefined &&
      described
    );
  } catch {
    return false;
  }
}

interface Converters {
  readonly output: (options: {
    readonly target: "draft-2020-12";
    readonly libraryOptions: object;
  }) => unknown;
}
interface Visited {
  readonly zodSchema?: { readonly _zod: { readonly def: { readonly type: string } } };
  readonly jsonSchema: Readonly<Record<string, unknown>>;
}
