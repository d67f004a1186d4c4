import type { HeadReads } from "../dependency.ts";
import type { Segment } from "../http/index.ts";
import type { JSONSchema } from "../validation/index.ts";
import type { Components } from "./components.ts";
import { resolveRoot } from "./definitions.ts";
import type { Parameter } from "./document.ts";
import { type Field, fieldsOf } from "./fields.ts";

export interface ParameterOptions {
  readonly segments: readonly Segment[];
  /** What the parameters of the path are called in the document, in their order. */
  readonly names: readonly string[];
  /** The route's own first, then those of its dependencies. */
  readonly reads: readonly HeadReads[];
  readonly components: Components;
  readonly where: string;
}

/** What a route reads before the body: each name once, and required where anybody requires it. */
export function parametersOf({
  segments,
  names,
  reads,
  components,
  where,
}: ParameterOptions): Parameter[] {
  const found = new Map<string, Parameter>();
  const add = (place: Parameter["in"], field: Field): void => {
    const id = `${place} ${place === "header" ? field.name.toLowerCase() : field.name}`;
    const known = found.get(id);
    if (known) found.set(id, { ...known, required: known.required || field.required });
    else found.set(id, parameter(place, field, components, where));
  };
  const path = pathFields(reads);
  for (const [at, segment] of parametersIn(segments).entries()) {
    const schema = path.get(segment.name) ?? byConverter[segment.converter];
    add("path", { name: names[at]!, schema, required: true });
  }
  for (const { query, headers, cookies } of reads) {
    for (const field of fieldsOf("query", query)) add("query", field);
    for (const field of fieldsOf("header", headers)) add("header", field);
    for (const field of fieldsOf("cookie", cookies)) add("cookie", field);
  }
  return [...found.values()];
}

/** The parameters of a path. */
export function parametersIn(segments: readonly Segment[]): (Segment & { kind: "parameter" })[] {
  return segments.filter((segment) => segment.kind === "parameter");
}

const byConverter: Readonly<Record<(Segment & { kind: "parameter" })["converter"], JSONSchema>> = {
  str: { type: "string" },
  path: { type: "string" },
  int: { type: "integer" },
  float: { type: "number" },
  uuid: { type: "string", format: "uuid" },
};

/** What is said of the path's parameters: the route's own word counts before that of a dependency. */
function pathFields(reads: readonly HeadReads[]): Map<string, JSONSchema> {
  const found = new Map<string, JSONSchema>();
  for (const { path } of reads) {
    // An alias is only how errors call it: in the path it stands under its own name.
    const names = path && "~standard" in path ? undefined : Object.keys(path ?? {});
    for (const [at, { name, schema }] of fieldsOf("path", path).entries()) {
      const own = names?.[at] ?? name;
      if (!found.has(own)) found.set(own, schema);
    }
  }
  return found;
}

function parameter(
  place: Parameter["in"],
  field: Field,
  components: Components,
  where: string,
): Parameter {
  const { description, deprecated } = resolveRoot(field.schema);
  return {
    name: field.name,
    in: place,
    required: field.required,
    ...(typeof description === "string" && { description }),
    ...(deprecated === true && { deprecated }),
    schema: components.add(field.schema, { direction: "input", where: `${where}_${field.name}` }),
  };
}
