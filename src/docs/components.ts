import { type JSONSchema, nativeType } from "../validation/index.ts";
import {
  definitionOf,
  type Definitions,
  fingerprint,
  isGenerated,
  type Ref,
  refTo,
  rootName,
  usesRoot,
} from "./definitions.ts";

/** `input`: what a client may send; `output`: what it gets. */
export type Direction = "input" | "output";

export interface ComponentOptions {
  readonly direction: Direction;
  /** Names what has no name of its own but needs one: a recursive schema. */
  readonly where: string;
  /** Its names come before those of plugins. */
  readonly own?: boolean;
}

/** A schema that stands under a name of its own in the document. */
interface Component {
  readonly wanted: string;
  readonly named: boolean;
  readonly own: boolean;
  /** Two schemas with the same text are the same schema; `undefined` while only answers have it. */
  strict: string | undefined;
  /** The same without what tells an answer from a request in every schema. */
  readonly loose: string;
  isOutput: boolean;
  name: string;
  schema: JSONSchema;
}

/** Gathers the named schemas of a document. Names are given at the end, when all are known. */
export class Components {
  readonly #components: Component[] = [];
  readonly #refs: { readonly ref: Ref; readonly component: Component }[] = [];

  /** Takes a described schema in. @returns what stands in its place; its `$ref` is right after `finish` */
  add(schema: JSONSchema, options: ComponentOptions): JSONSchema {
    const { $defs: defs = {}, ...root } = schema;
    const id = typeof root["id"] === "string" ? root["id"] : undefined;
    // A schema that refers to itself as "#" has no name: it gets one.
    const whole: JSONSchema = id !== undefined ? refTo(id) : usesRoot(root) ? { $ref: "#" } : root;
    const name = id ?? rootName;
    return new Copy({ ...defs, [name]: root }, name, options, this).copy(whole);
  }

  /** Finds or makes the component of a definition. @returns whether its schema is still to be copied */
  claim(
    name: string,
    defs: Definitions,
    options: ComponentOptions,
  ): { component: Component; fresh: boolean } {
    const { direction, where, own = false } = options;
    const named = !isGenerated(name);
    const wanted = named ? name.replaceAll(/[^\w.-]+/g, "_") : where;
    const strict = direction === "input" ? fingerprint(name, defs, false) : undefined;
    const loose = fingerprint(name, defs, true);
    const known = this.#components.find(
      (one) =>
        one.named === named &&
        (!named || one.wanted === wanted) &&
        one.loose === loose &&
        (strict === undefined || one.strict === undefined || one.strict === strict),
    );
    const isOutput = direction === "output";
    if (!known) {
      const component = { wanted, named, own, strict, loose, isOutput, name: wanted, schema: {} };
      this.#components.push(component);
      return { component, fresh: true };
    }
    known.isOutput ||= isOutput;
    // What is asked of a client says more (no further members) than what is promised to it.
    const fresh = strict !== undefined && known.strict === undefined;
    known.strict ??= strict;
    return { component: known, fresh };
  }

  refer(component: Component): Ref {
    const ref = { $ref: "" };
    this.#refs.push({ ref, component });
    return ref;
  }

  /** Names all components, and the references to them. @returns them by name, sorted */
  finish(): Record<string, JSONSchema> {
    const taken = new Set<string>();
    const give = (component: Component, name: string): void => {
      let free = name;
      for (let count = 2; taken.has(free); count++) free = `${name}${count}`;
      taken.add(free);
      component.name = free;
    };
    const answered = new Set(this.#components.flatMap((one) => (one.isOutput ? one.wanted : [])));
    const isSecond = (one: Component): boolean =>
      one.named && !one.isOutput && answered.has(one.wanted);
    const all = this.#components.toSorted(
      (a, b) => Number(b.own) - Number(a.own) || Number(b.named) - Number(a.named),
    );
    for (const one of all) if (!isSecond(one)) give(one, one.wanted);
    for (const one of all) if (isSecond(one)) give(one, `${one.wanted}Input`);
    for (const { ref, component } of this.#refs)
      ref.$ref = `#/components/schemas/${component.name}`;
    const sorted = all.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    return Object.fromEntries(sorted.map(({ name, schema }) => [name, schema]));
  }
}

const dropped = new Set(["$schema", "$id", "id", "$defs", "definitions", nativeType]);
const oneSchema = new Set(
  "items additionalProperties not if then else contains propertyNames contentSchema unevaluatedItems unevaluatedProperties".split(
    " ",
  ),
);
const manySchemas = new Set(["anyOf", "oneOf", "allOf", "prefixItems"]);
const schemasByName = new Set(["properties", "patternProperties", "dependentSchemas"]);

/** Copies one described schema, its definitions made components. */
class Copy {
  readonly #defs: Definitions;
  /** What "#" is called. */
  readonly #root: string;
  readonly #options: ComponentOptions;
  readonly #into: Components;

  constructor(defs: Definitions, root: string, options: ComponentOptions, into: Components) {
    this.#defs = defs;
    this.#root = root;
    this.#options = options;
    this.#into = into;
  }

  copy(schema: JSONSchema): JSONSchema {
    const entries = Object.entries(schema).flatMap(([keyword, value]): [string, unknown][] => {
      if (dropped.has(keyword) || saysNothing(keyword, value, schema)) return [];
      if (
        keyword === "additionalProperties" &&
        value === false &&
        this.#options.direction === "output"
      ) {
        // It would promise that answers never get another member.
        return [];
      }
      if (oneSchema.has(keyword)) return [[keyword, this.#part(value)]];
      if (manySchemas.has(keyword))
        return [[keyword, (value as unknown[]).map((part) => this.#part(part))]];
      if (schemasByName.has(keyword)) {
        const parts = Object.entries(value as object).map(([name, part]) => [
          name,
          this.#part(part),
        ]);
        return [[keyword, Object.fromEntries(parts)]];
      }
      return [[keyword, value]];
    });
    const copy: JSONSchema = Object.fromEntries(entries);
    const name = schema.$ref === undefined ? undefined : definitionOf(schema.$ref);
    const target = name === undefined ? undefined : this.#refer(name);
    if (target) Object.assign(target, { ...copy, $ref: target.$ref });
    return target ?? copy;
  }

  #part(part: unknown): unknown {
    return typeof part === "object" && part !== null ? this.copy(part as JSONSchema) : part;
  }

  #refer(found: string): Ref | undefined {
    const name = found === rootName ? this.#root : found;
    const definition = this.#defs[name];
    if (!definition) return undefined;
    const { component, fresh } = this.#into.claim(name, this.#defs, this.#options);
    if (fresh) component.schema = this.copy(definition);
    return this.#into.refer(component);
  }
}

/** The bounds of every JavaScript integer only make a document long. */
function saysNothing(keyword: string, value: unknown, schema: JSONSchema): boolean {
  if (![schema.type].flat().includes("integer")) return false;
  return (
    (keyword === "minimum" && value === Number.MIN_SAFE_INTEGER) ||
    (keyword === "maximum" && value === Number.MAX_SAFE_INTEGER)
  );
}
