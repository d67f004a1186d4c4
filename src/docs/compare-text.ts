import type { JSONSchema } from "../validation/index.ts";

/**
 * A value as JSON, whatever the order of its members, and the names of what it refers to.
 * @param find what a reference refers to
 */
export function stableText(
  value: unknown,
  find: (reference: string) => JSONSchema | undefined = () => undefined,
): string {
  const references: string[] = [];
  const write = (one: unknown): string => {
    if (Array.isArray(one)) return `[${one.map(write).join(",")}]`;
    if (typeof one !== "object" || one === null) return JSON.stringify(one);
    const { $ref, ...beside } = one as JSONSchema;
    const target = typeof $ref === "string" ? find($ref) : undefined;
    if (!target) return writeMembers(one);
    const at = references.indexOf($ref!);
    if (at >= 0) return `#${at}${writeMembers(beside)}`;
    references.push($ref!);
    return `${write(target)}${writeMembers(beside)}`;
  };
  const writeMembers = (one: object): string => {
    const members = Object.entries(one).toSorted(([a], [b]) => (a < b ? -1 : 1));
    return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${write(member)}`).join(",")}}`;
  };
  return write(value);
}
