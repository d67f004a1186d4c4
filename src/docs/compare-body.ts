import { breaking, type Change, changesAt, note } from "./compare-change.ts";
import { compareRequired } from "./compare-parameters.ts";
import type { SchemaComparison } from "./compare-schemas.ts";
import type { Sides } from "./compare-words.ts";
import type { Content, MediaType, RequestBody } from "./document.ts";

export function compareBody(
  { before, after }: Sides<RequestBody | undefined>,
  schemas: SchemaComparison,
): Change[] {
  if (!before) {
    if (!after) return [];
    return [
      after.required ? breaking("body", "body: new and required") : note("body", "body: new"),
    ];
  }
  if (!after) return [note("body", "body: no longer read")];
  return [
    ...compareRequired({ before, after }, "body", "body"),
    ...compareTypes({ before: before.content, after: after.content }),
    ...Object.entries(before.content).flatMap(([type, one]) => {
      const other = after.content[type];
      if (!other) return [];
      const usage = type === "application/json" ? "input" : "text";
      return [
        ...changesAt("body", schemas.of(one.schema, other.schema, usage)),
        ...compareFiles({ before: one, after: other }),
      ];
    }),
  ];
}

function compareTypes({ before, after }: Sides<Content>): Change[] {
  const [known, now] = [Object.keys(before), Object.keys(after)];
  const lost = known.filter((type) => !now.includes(type));
  const added = now.filter((type) => !known.includes(type));
  return [
    ...lost.map((type) => breaking("media type", `body: no longer taken as ${type}`)),
    ...added.map((type) => note("media type", `body: taken as ${type} too`)),
  ];
}

/** Which files a form takes. */
function compareFiles({ before, after }: Sides<MediaType>): Change[] {
  const fields = Object.keys(after.schema.properties ?? {});
  const kept = fields.filter((name) => before.schema.properties?.[name] !== undefined);
  return kept.flatMap((name) => {
    const [known, now] = [typesOf(before, name), typesOf(after, name)];
    const lost = known.filter((type) => !now.some((range) => covers(range, type)));
    const added = now.filter((type) => !known.some((range) => covers(range, type)));
    return [
      ...lost.map((type) => breaking("media type", `body.${name}: no longer takes ${type}`)),
      ...added.map((type) => note("media type", `body.${name}: takes ${type} too`)),
    ];
  });
}

function typesOf({ encoding }: MediaType, field: string): string[] {
  return encoding?.[field]?.contentType.split(/\s*,\s*/) ?? ["*/*"];
}

/** Whether a media type is among those of a range, such as `image/*`. */
export function covers(range: string, type: string): boolean {
  if (range === "*/*" || range === type) return true;
  return range.endsWith("/*") && type.startsWith(range.slice(0, -1));
}
