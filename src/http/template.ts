import { NexusError } from "../exceptions.ts";
import { readFloat, readInteger, type Reading } from "../validation/index.ts";

/** What `{name:converter}` makes of a segment. */
export type Converters = { str: string; int: number; float: number; uuid: string; path: string };

/** The parameters of a template: `"/users/{id:int}"` has `{ id: number }`. */
export type PathParams<P extends string> = P extends `${string}{${infer Raw}}${infer Rest}`
  ? (Raw extends `${infer N}:${infer C}`
      ? { [K in N]: C extends keyof Converters ? Converters[C] : never }
      : { [K in Raw]: string }) &
      PathParams<Rest>
  : {};
export type Param<P extends string> = keyof PathParams<P> & string;

/** The template itself when it is well formed, else a sentence that no argument can be. */
export type Template<P extends string> = string extends P
  ? P
  : P extends `/${string}`
    ? Fault<P> extends infer F
      ? [F] extends [never]
        ? P
        : F
      : never
    : "a path starts with /";
type Fault<P extends string, Seen = never> = P extends `${infer Before}{${infer Raw}}${infer Rest}`
  ? Before extends `${string}}${string}`
    ? `unbalanced braces`
    : Raw extends `${string}{${string}`
      ? `unbalanced braces`
      : Raw extends "" | `:${string}`
        ? `{} needs a name`
        : Raw extends `${infer N}:${infer C}`
          ? C extends keyof Converters
            ? N extends Seen
              ? `{${N}} is in the path twice`
              : Fault<Rest, Seen | N>
            : `no converter '${C}': use int, float, uuid, path or str`
          : Raw extends Seen
            ? `{${Raw}} is in the path twice`
            : Fault<Rest, Seen | Raw>
  : P extends `${string}${"{" | "}"}${string}`
    ? `unbalanced braces`
    : never;

export type ConverterName = keyof Converters;

/** A part of a path between slashes: its text, or a parameter with the text around it. */
export type Segment =
  | { readonly kind: "literal"; readonly text: string }
  | {
      readonly kind: "parameter";
      readonly name: string;
      readonly converter: ConverterName;
      readonly prefix: string;
      readonly suffix: string;
    };

/**
 * Reads a template such as `/files/{id:int}/{rest:path}`.
 * @throws NX_TEMPLATE naming the fault
 */
export function parseTemplate(template: string): Segment[] {
  const fault = (what: string): NexusError =>
    new NexusError("NX_TEMPLATE", `The path ${JSON.stringify(template)} ${what}.`);
  if (!template.startsWith("/")) throw fault('does not start with "/"');
  const seen = new Set<string>();
  const parts = template.slice(1).split("/");
  return parts.map((part, at): Segment => {
    const [, prefix = "", raw, suffix = ""] = /^([^{}]*)\{([^{}]*)\}([^{}]*)$/.exec(part) ?? [];
    if (raw === undefined) {
      if (/\{[^{}]*\}.*\{/.test(part)) throw fault(`has two parameters in the segment "${part}"`);
      if (/[{}]/.test(part)) throw fault("has unbalanced braces");
      return { kind: "literal", text: part };
    }
    const [name = "", converter = "str", ...more] = raw.split(":");
    if (!name) throw fault("has a parameter without a name");
    if (!isConverter(converter) || more.length) {
      throw fault(
        `has no converter "${raw.slice(name.length + 1)}": use int, float, uuid, path or str`,
      );
    }
    if (seen.has(name)) throw fault(`has {${name}} twice`);
    if (converter === "path" && (at < parts.length - 1 || prefix || suffix)) {
      throw fault(`has {${name}:path} before its end`);
    }
    seen.add(name);
    return { kind: "parameter", name, converter, prefix, suffix };
  });
}

function isConverter(name: string): name is ConverterName {
  return Object.hasOwn(converters, name);
}

const uuid = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;

/** How a converter reads a segment. */
export const converters: Readonly<Record<ConverterName, (text: string) => Reading>> = {
  str: (text) => ({ value: text }),
  path: (text) => ({ value: text }),
  int: readInteger,
  float: readFloat,
  uuid(text) {
    const bare = text.replaceAll("-", "").toLowerCase();
    if (!uuid.test(text))
      return { fault: { type: "uuid_parsing", msg: "Input should be a valid UUID" } };
    return { value: bare.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5") };
  },
};

/** A template without its parameters' names: templates with one shape are the same path. */
export function shapeOf(segments: readonly Segment[]): string {
  return segments
    .map((part) =>
      part.kind === "literal"
        ? `/${part.text}`
        : `/${part.prefix}{${part.converter}}${part.suffix}`,
    )
    .join("");
}
