import { checkGuard } from "../auth/index.ts";
import { unknownIn } from "../config/index.ts";
import { NexusError } from "../exceptions.ts";
import { isBodiless } from "../message/index.ts";
import { checkLimit } from "../ratelimit/index.ts";
import { describeWhole, isSchema, type Schema } from "../validation/index.ts";
import { formOf } from "./answers.ts";
import { membersOf } from "./field.ts";
import { rulesOf } from "./file-field.ts";
import { reserved } from "./input.ts";
import type { Defaults, RouteSpec, Verb } from "./spec.ts";
import type { Segment } from "./template.ts";

const known = [
  ..."path query headers cookies form body use response status responses middleware".split(" "),
  ..."tags summary description operationId deprecated hidden bodyLimit timeout".split(" "),
  ..."permission role rateLimit".split(" "),
];
const fieldSources = ["path", "query", "headers", "cookies", "form"] as const;

/**
 * For those who write JavaScript: what the types forbid is an error here too.
 * @param where the route, for the message
 */
export function checkSpec(verb: Verb, spec: RouteSpec, where: () => string): void {
  const fail = (what: string, cure: string): never => {
    throw new NexusError("NX_ROUTE_SPEC", `The route ${where()} ${what}.`, { cure });
  };
  checkWords(spec, () => `The route ${where()}`);
  for (const [source, value] of schemasOf(spec)) {
    if (!isSchema(value)) fail(`has no schema as ${source}`, "Give it one, as in z.string().");
    else if (rulesOf(value) && !source.endsWith(" in form"))
      fail(`has a file as ${source}`, "Only a form has files: form: { file: file() }.");
    else if (membersWith(value).some(rulesOf))
      fail(
        `has a file inside the schema of ${source}`,
        "Write form: { file: file(), … }, a schema a field.",
      );
  }
  if (spec.body && spec.form) {
    fail('says both "body" and "form"', "A request has one body: keep one of the two.");
  }
  const form = formOf(spec.response)?.kind;
  if ((form === "stream" || form === "events") && isBodiless(spec.status ?? 200)) {
    const cure = "Nobody would get its items: leave one of the two out.";
    fail(`says ${form}Of(…), and status: ${spec.status}, which has no body`, cure);
  }
  if ((spec.body || spec.form) && ["GET", "HEAD", "OPTIONS"].includes(verb)) {
    fail(`says "${spec.body ? "body" : "form"}"`, `A ${verb} has no body: use query, or post.`);
  }
}

/** @param who says so, for the message */
export function checkWords(spec: Defaults, who: () => string): void {
  checkGuard(spec, who);
  checkLimit(spec.rateLimit, who);
  const fail = (what: string, cure: string): never => {
    throw new NexusError("NX_ROUTE_SPEC", `${who()} ${what}.`, { cure });
  };
  for (const name of ["middleware", "tags"] as const) {
    if (spec[name] !== undefined && !Array.isArray(spec[name]))
      fail(`says "${name}", which is no list`, `Write ${name}: […].`);
  }
  const unknown = unknownIn(spec, known, "A route understands");
  if (unknown) fail(`says ${unknown.names}, which no route understands`, unknown.cure);
}

/** The members of an object schema, as Zod and Valibot keep them. */
function membersWith(schema: Schema): Schema[] {
  const { shape, entries } = schema as { readonly shape?: unknown; readonly entries?: unknown };
  return Object.values(shape ?? entries ?? {}).filter(isSchema);
}

function schemasOf(spec: RouteSpec): [source: string, schema: unknown][] {
  const fields = fieldSources.flatMap((source): [string, unknown][] => {
    const part = spec[source];
    if (part === undefined) return [];
    if (isSchema(part)) return [[source, part]];
    return Object.entries(part).map(([name, schema]) => [`"${name}" in ${source}`, schema]);
  });
  const whole = (["body", "response"] as const).flatMap((source): [string, unknown][] =>
    spec[source] === undefined ? [] : [[source, spec[source]]],
  );
  return [...fields, ...whole];
}

/** One flat input: two sources with one name, or a reserved name, would hide each other. */
export function checkNames(
  spec: RouteSpec,
  segments: readonly Segment[],
  where: () => string,
): void {
  const fail = (what: string, cure: string): never => {
    throw new NexusError("NX_INPUT_NAME", `The route ${where()} has ${what}.`, { cure });
  };
  const params = segments.flatMap((part) => (part.kind === "parameter" ? part.name : []));
  for (const name of namesOf(spec.path)) {
    if (!params.includes(name)) {
      fail(
        `"${name}" in path, but no {${name}} in its path`,
        `Add {${name}}, or move it to query.`,
      );
    }
  }
  const taken = new Map([...reserved].map((name) => [name, "reserved"]));
  const sources: [source: string, names: readonly string[]][] = [
    ["the path", params],
    ...(["query", "headers", "cookies", "form", "use"] as const).map(
      (source): [string, readonly string[]] => [source, namesOf(spec[source])],
    ),
  ];
  for (const [source, names] of sources) {
    for (const name of names) {
      const first = taken.get(name);
      if (first !== undefined) {
        fail(
          `"${name}" in ${source}, but it is ${first === "reserved" ? first : `already in ${first}`}`,
          `Rename one, or use alias("${name}", schema) under another name.`,
        );
      }
      taken.set(name, source);
    }
  }
}

/** The names that a record of schemas, or a schema of an object, brings. */
export function namesOf(fields: object | undefined): readonly string[] {
  if (!fields) return [];
  return isSchema(fields)
    ? [...membersOf(describeWhole(fields, "output")).keys()]
    : Object.keys(fields);
}
