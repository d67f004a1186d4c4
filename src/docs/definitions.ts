import type { JSONSchema } from "../validation/index.ts";

/** The schemas that a described schema refers to, by what its library calls them. */
export type Definitions = Readonly<Record<string, JSONSchema>>;
export type Ref = { $ref: string };

/** A schema itself, as its definitions may refer to it. */
export const rootName = "#";

export const refTo = (name: string): Ref => ({
  $ref: `#/$defs/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`,
});

/** `#/$defs/User` → `User`. */
export function definitionOf(ref: string): string | undefined {
  if (ref === "#") return rootName;
  const [, name] = /^#\/\$defs\/([^/]+)$/.exec(ref) ?? [];
  return name === undefined ? undefined : name.replaceAll("~1", "/").replaceAll("~0", "~");
}

/** The root, and the names that Zod, Valibot and ArkType make up for what has none. */
export function isGenerated(name: string): boolean {
  return (
    name === rootName ||
    /^(?:__schema|intersection|union|morph|domain|proto|alias|unit)?\d+$/.test(name)
  );
}

export function usesRoot(schema: JSONSchema): boolean {
  return JSON.stringify(schema).includes('"$ref":"#"');
}

/** The text of a definition with all that it refers to, whatever its library calls the nameless ones. */
export function fingerprint(root: string, defs: Definitions, loose: boolean): string {
  const names = [root];
  const numberOf = (name: string): number => {
    const at = names.indexOf(name);
    return at < 0 ? names.push(name) - 1 : at;
  };
  const parts: string[] = [];
  for (let at = 0; at < names.length; at++) {
    const text = JSON.stringify(defs[names[at]!], (keyword, value: unknown) => {
      if (keyword === "$ref" && typeof value === "string") {
        const name = definitionOf(value);
        return name === undefined ? value : `${numberOf(name)} ${isGenerated(name) ? "" : name}`;
      }
      return loose && keyword === "additionalProperties" && value === false ? undefined : value;
    });
    parts.push(text ?? "");
  }
  return parts.join("\n");
}

/** What a schema comes to when its root is only a reference to one of its definitions. */
export function resolveRoot(schema: JSONSchema): JSONSchema {
  const name = schema.$ref === undefined ? undefined : definitionOf(schema.$ref);
  const target = name === undefined ? undefined : schema.$defs?.[name];
  if (!target) return schema;
  const { $ref: _, ...beside } = schema;
  return resolveRoot({ ...target, ...beside });
}
