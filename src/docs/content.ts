import { formOf, type RouteSpec } from "../http/index.ts";
import { isBodiless } from "../message/index.ts";
import { describe, type JSONSchema, type Schema } from "../validation/index.ts";
import type { Components } from "./components.ts";
import type { Content } from "./document.ts";

/** What is sent when all went well. */
export function successContent(
  { status = 200, response }: RouteSpec,
  components: Components,
  where: string,
): Content {
  const isEmpty = isBodiless(status) || (status > 300 && !response);
  return isEmpty ? {} : contentOf(response, components, `${where}_response`);
}

/** What an answer of a schema is on the wire. */
export function contentOf(
  schema: Schema | undefined,
  components: Components,
  where: string,
): Content {
  const add = (one: Schema | undefined): JSONSchema => {
    const described: JSONSchema = (one && describe(one, "output")) ?? {};
    return components.add(described, { direction: "output", where });
  };
  const form = formOf(schema);
  if (!form) return { "application/json": { schema: add(schema) } };
  if (form.kind === "media")
    return Object.fromEntries(form.types.map((type) => [type, { schema: mediaSchema(type) }]));
  const item = add(form.item);
  return form.kind === "stream"
    ? { "application/x-ndjson": { schema: { ...lines, items: item } } }
    : { "text/event-stream": { schema: { ...events, items: eventOf(item) } } };
}

// OpenAPI 3.1 has no words for what comes one after the other; 3.2 says an array is meant by it.
const lines = { type: "array", description: "One item a line, each as JSON." } as const;
const events = { type: "array", description: "Server-sent events, one after the other." } as const;

function eventOf(item: JSONSchema): JSONSchema {
  const data = { type: "string", contentMediaType: "application/json", contentSchema: item };
  return { type: "object", properties: { data }, required: ["data"] };
}

/** Bytes are no JSON: of them a schema has nothing to say. */
function mediaSchema(type: string): JSONSchema {
  return /^text\//i.test(type) ? { type: "string" } : {};
}
