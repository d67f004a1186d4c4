import { covers } from "./compare-body.ts";
import { breaking, type Change, changesAt, note } from "./compare-change.ts";
import type { SchemaComparison } from "./compare-schemas.ts";
import type { Sides } from "./compare-words.ts";
import type { Content, Operation, ResponseObject } from "./document.ts";

export function compareAnswers(
  { before, after }: Sides<Operation["responses"]>,
  schemas: SchemaComparison,
): Change[] {
  return namesOf(before, after).flatMap((status) => {
    const [one, other] = [before[status], after[status]];
    const at = `answer ${status}`;
    if (!one) return [note("status", `${at}: new`)];
    // An error that cannot happen any more hurts nobody.
    if (!other) return [(Number(status) < 400 ? breaking : note)("status", `${at}: gone`)];
    return [
      ...compareContent({ before: one.content ?? {}, after: other.content ?? {} }, at, schemas),
      ...compareHeaders({ before: one, after: other }, at, schemas),
    ];
  });
}

function compareContent(
  { before, after }: Sides<Content>,
  at: string,
  schemas: SchemaComparison,
): Change[] {
  const [known, now] = [Object.keys(before), Object.keys(after)];
  const lost = known.filter((range) => !now.some((type) => covers(range, type)));
  const added = now.filter((type) => !known.some((range) => covers(range, type)));
  return [
    ...lost.map((type) => breaking("media type", `${at}: no longer ${type}`)),
    ...added.map((type) => note("media type", `${at}: ${type} too`)),
    ...Object.entries(before).flatMap(([type, { schema }]) => {
      const other = after[type];
      if (!other) return [];
      const findings = schemas.of(schema, other.schema, "output").map((one) => ({
        ...one,
        path: one.path && `, ${one.path.replace(/^\./, "")}`,
      }));
      return changesAt(at, findings);
    }),
  ];
}

function compareHeaders(
  { before: { headers: known = {} }, after: { headers: now = {} } }: Sides<ResponseObject>,
  place: string,
  schemas: SchemaComparison,
): Change[] {
  return namesOf(known, now).flatMap((name) => {
    const [one, other] = [known[name], now[name]];
    const at = `${place}, header "${name}"`;
    if (!one) return [note("header", `${at}: new`)];
    if (!other) return [breaking("header", `${at}: gone`)];
    return changesAt(at, schemas.of(one.schema, other.schema, "output"));
  });
}

function namesOf(before: object, after: object): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])];
}
