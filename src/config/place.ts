import { type JSONSchema, type Reading, readerOf, wantsList } from "../validation/index.ts";

/** One place in a value, and all that JSON Schemas say of it. */
export class Place {
  // References followed and alternatives spread out, so that a question is asked of each alone.
  readonly #schemas: readonly Rooted[];

  private constructor(schemas: readonly Rooted[]) {
    this.#schemas = schemas.flatMap((schema) => spread(schema, new Set()));
  }

  static of(...schemas: readonly JSONSchema[]): Place {
    return new Place(schemas.map((schema) => ({ schema, root: schema })));
  }

  get isSecret(): boolean {
    return this.#schemas.some(
      ({ schema }) => schema.writeOnly === true || schema.format === "password",
    );
  }

  /** The properties that are known here. */
  get keys(): string[] {
    return this.#schemas.flatMap(({ schema }) => Object.keys(schema.properties ?? {}));
  }

  /** Whether other properties are welcome. */
  get isOpen(): boolean {
    return (
      this.#schemas.every(({ schema }) => !schema.properties) ||
      this.#schemas.some(({ schema }) => schema.additionalProperties || schema.patternProperties)
    );
  }

  property(key: string): Place {
    return this.#inner(({ properties = {}, additionalProperties }) =>
      Object.hasOwn(properties, key) ? properties[key] : additionalProperties,
    );
  }

  item(at: number): Place {
    return this.#inner(({ prefixItems, items }) => prefixItems?.[at] ?? items);
  }

  /** Reads text as what is wanted here: a list as JSON or with commas, an object as JSON. */
  read(text: string): Reading {
    const json = { anyOf: this.#schemas.map(({ schema }) => schema) };
    const isList = wantsList(json);
    const isObject = this.#schemas.some(({ schema }) => [schema.type].flat().includes("object"));
    if ((isList && /^\s*\[/.test(text)) || (isObject && /^\s*\{/.test(text))) return parse(text);
    if (!isList) return readerOf(json)(text);
    const values: unknown[] = [];
    for (const [at, item] of text.split(",").entries()) {
      const reading = this.item(at).read(item.trim());
      if (reading.fault) return reading;
      values.push(reading.value);
    }
    return { value: values };
  }

  #inner(choose: (schema: JSONSchema) => JSONSchema | boolean | undefined): Place {
    return new Place(
      this.#schemas.flatMap(({ schema, root }) => {
        const chosen = choose(schema);
        return typeof chosen === "object" ? { schema: chosen, root } : [];
      }),
    );
  }
}

interface Rooted {
  readonly schema: JSONSchema;
  /** What references are relative to. */
  readonly root: JSONSchema;
}

function spread({ schema, root }: Rooted, seen: Set<JSONSchema>): Rooted[] {
  if (seen.has(schema)) return [];
  seen.add(schema);
  const referred = schema.$ref === undefined ? undefined : follow(schema.$ref, root);
  const parts = [referred ?? [], schema.anyOf ?? [], schema.oneOf ?? [], schema.allOf ?? []].flat();
  return [{ schema, root }, ...parts.flatMap((part) => spread({ schema: part, root }, seen))];
}

function follow(reference: string, root: JSONSchema): JSONSchema | undefined {
  let found: unknown = root;
  for (const part of reference.split("/").slice(1)) {
    const key = decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
    found = isRecord(found) ? found[key] : undefined;
  }
  return isRecord(found) ? found : undefined;
}

function parse(text: string): Reading {
  try {
    return { value: JSON.parse(text) };
  } catch {
    // The parser's own message repeats a part of the text, which may be secret.
    return { fault: { type: "json_invalid", msg: "Input should be valid JSON" } };
  }
}

/** An object made of braces; not a list, and not an instance of a class. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
