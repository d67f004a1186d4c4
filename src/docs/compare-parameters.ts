import { breaking, type Change, changesAt, note } from "./compare-change.ts";
import type { SchemaComparison } from "./compare-schemas.ts";
import type { Sides } from "./compare-words.ts";
import type { Operation, Parameter } from "./document.ts";

/** An operation, and where it is. */
export interface Placed {
  readonly path: string;
  readonly operation: Operation;
}

export function compareParameters(
  { before, after }: Sides<Placed>,
  schemas: SchemaComparison,
): Change[] {
  const [known, now] = [parametersOf(before), parametersOf(after)];
  return [...new Set([...known.keys(), ...now.keys()])].flatMap((id): Change[] => {
    const [one, other] = [known.get(id), now.get(id)];
    const { in: place, name } = (other ?? one)!;
    const at = `${place} "${name}"`;
    if (!other) return [note("parameter", `${at}: no longer read`)];
    if (!one && other.required) return [breaking("parameter", `${at}: new and required`)];
    if (!one) return [note("parameter", `${at}: new`)];
    return [
      ...compareRequired({ before: one, after: other }, "parameter", at),
      ...(other.deprecated && !one.deprecated ? [note("deprecated", `${at}: deprecated now`)] : []),
      ...changesAt(at, schemas.of(one.schema, other.schema, "text")),
    ];
  });
}

interface Wanted {
  readonly required: boolean;
}

export function compareRequired(
  { before, after }: Sides<Wanted>,
  kind: Change["kind"],
  at: string,
): Change[] {
  if (before.required === after.required) return [];
  return after.required
    ? [breaking(kind, `${at}: required now`)]
    : [note(kind, `${at}: optional now`)];
}

/** In the path their order tells them apart, elsewhere their name. */
function parametersOf({ path, operation }: Placed): Map<string, Parameter> {
  const names = [...path.matchAll(/\{([^}]*)\}/g)].map(([, name]) => name);
  return new Map(
    (operation.parameters ?? []).map((parameter) => {
      const { in: place, name } = parameter;
      const own = place === "path" ? names.indexOf(name) : name;
      return [`${place} ${place === "header" ? name.toLowerCase() : own}`, parameter];
    }),
  );
}

/** A path without the names of its parameters. */
export function shapeOf(path: string): string {
  return path.replaceAll(/\{[^}]*\}/g, "{}");
}
