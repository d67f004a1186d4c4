import type { Endpoint } from "../http/index.ts";
import { currentLog } from "../log.ts";
import type { Schema } from "../validation/index.ts";

const warned = new WeakSet<object>();

/** Says, once a route, that its answer (or a part of it) is documented as "any". */
export function warnOfUndescribed({ declared, scope }: Endpoint): void {
  const { response, hidden } = declared.spec;
  if (!response || hidden || warned.has(declared)) return;
  warned.add(declared);
  if (isDescribed(response)) return;
  const log = scope.run(currentLog);
  log.warn(
    `${declared.method} ${declared.path} (${declared.place}) has a response that JSON Schema cannot describe: it is documented as "any". ` +
      "End a transform with .pipe(schema) of what it makes.",
  );
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
