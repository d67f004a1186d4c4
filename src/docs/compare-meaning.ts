import type { JSONSchema } from "../validation/index.ts";
import { type Alternative, bothOf, type Meaning } from "./compare-alternative.ts";
import { alternativesOf, saysNothing, type Surroundings } from "./compare-read.ts";
import { stableText } from "./compare-text.ts";
import type { Direction } from "./components.ts";

/**
 * What the schemas of a document mean. The same schemas together are always the same meaning, so
 * that whoever walks through schemas that refer to each other comes to an end.
 */
export class Meanings implements Surroundings {
  readonly direction: Direction;
  readonly #document: unknown;
  readonly #known = new Map<string, Meaning>();
  readonly #ids = new Map<JSONSchema, number>();

  /** @param document what references are relative to */
  constructor(document: unknown, direction: Direction) {
    this.#document = document;
    this.direction = direction;
  }

  readonly meaningOf = (...said: readonly (JSONSchema | boolean)[]): Meaning => {
    const schemas = new Set<JSONSchema>();
    for (const one of said) {
      const schema = typeof one === "object" ? this.#follow(one) : one ? {} : never;
      if (!saysNothing(schema)) schemas.add(schema);
    }
    const ids = [...schemas].map((schema) => this.#idOf(schema));
    const name = ids.toSorted((a, b) => a - b).join(" ");
    const known = this.#known.get(name);
    if (known) return known;
    const made = new Place(this.#known.size, [...schemas], this);
    this.#known.set(name, made);
    return made;
  };

  readonly join = (one: Meaning, other: Meaning): Meaning =>
    this.meaningOf(...one.schemas, ...other.schemas);

  readonly find = (reference: string): JSONSchema | undefined => {
    let found = this.#document;
    for (const part of reference.split("/").slice(1)) {
      const name = decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
      found = Object(found)[name];
    }
    return typeof found === "object" ? (found as JSONSchema) : undefined;
  };

  readonly textOf = (value: unknown): string => stableText(value, this.find);

  /** What a reference that says nothing else refers to, at whatever distance. */
  #follow(schema: JSONSchema, passed: readonly JSONSchema[] = []): JSONSchema {
    const { $ref, ...beside } = schema;
    const target = $ref !== undefined && saysNothing(beside) ? this.find($ref) : undefined;
    if (!target || passed.includes(target)) return schema;
    return this.#follow(target, [...passed, target]);
  }

  #idOf(schema: JSONSchema): number {
    const known = this.#ids.get(schema) ?? this.#ids.size;
    this.#ids.set(schema, known);
    return known;
  }
}

const never: JSONSchema = { not: {} };

class Place implements Meaning {
  readonly id: number;
  readonly schemas: readonly JSONSchema[];
  readonly #around: Meanings;
  #alternatives: readonly Alternative[] | undefined;

  constructor(id: number, schemas: readonly JSONSchema[], around: Meanings) {
    this.id = id;
    this.schemas = schemas;
    this.#around = around;
  }

  get isAny(): boolean {
    return this.schemas.length === 0;
  }

  get alternatives(): readonly Alternative[] {
    return (this.#alternatives ??= (this.isAny ? [{}] : this.schemas)
      .map((schema) => alternativesOf(schema, this.#around))
      .reduce((one, other) => bothOf(one, other, this.#around.join)));
  }
}
