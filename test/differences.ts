import { compareAPI, type OpenAPIDocument, type Operation } from "nexus-platform/docs";
import { Plugin, type PluginClass } from "nexus-platform/plugin";
import { TestClient } from "nexus-platform/testing";
import { SchemaComparison, type Usage } from "../src/docs/compare-schemas.ts";
import type { JSONSchema } from "../src/validation/index.ts";

/** What is different between two APIs or two schemas, a line each, `!` before what breaks somebody. */

/** A plugin of what its routes say. */
export const plugin = (routes: () => object): PluginClass =>
  class Notes extends Plugin {
    constructor() {
      super();
      Object.assign(this, routes());
    }
  };

/** A handler that is never called. */
export const answer = (): never => {
  throw new Error("Nobody asks");
};

/** A document of one operation, of which only this is of interest. */
export const documentWith = (operation: Partial<Operation>): OpenAPIDocument => ({
  openapi: "3.1.0",
  info: { title: "", version: "" },
  paths: { "/": { get: { tags: [], summary: "", operationId: "a", responses: {}, ...operation } } },
});

export async function documentOf(plugin: PluginClass): Promise<OpenAPIDocument> {
  await using client = await TestClient.of(plugin);
  return (await (await client.get("/openapi.json")).json()) as OpenAPIDocument;
}

export async function changes(before: PluginClass, after: PluginClass): Promise<string[]> {
  return linesOf(await documentOf(before), await documentOf(after));
}

/** The same, without what answers are new or gone with it. */
export async function inputChanges(before: PluginClass, after: PluginClass): Promise<string[]> {
  return (await changes(before, after)).filter((line) => !line.includes(" answer "));
}

export function linesOf(before: OpenAPIDocument, after: OpenAPIDocument): string[] {
  return compareAPI(before, after).map(
    ({ operation, what, breaking }) => `${breaking ? "! " : ""}${operation}: ${what}`,
  );
}

export type Schemas = Readonly<Record<string, JSONSchema>>;

/** @param named what `ref` finds, before and after */
export function compare(
  usage: Usage,
  before: JSONSchema,
  after: JSONSchema,
  [known, now]: readonly [Schemas, Schemas] = [{}, {}],
): string[] {
  return new SchemaComparison({ schemas: known }, { schemas: now })
    .of(before, after, usage)
    .map(({ path, what, breaking }) => `${breaking ? "! " : ""}${path}: ${what}`)
    .toSorted();
}

export const ref = (name: string): JSONSchema => ({ $ref: `#/schemas/${name}` });
export const text = { type: "string" };
export const whole = { type: "integer" };
export const number = { type: "number" };

/** An object with a field `a`. */
export const one = (field: JSONSchema, ...required: string[]) => ({
  type: "object",
  properties: { a: field },
  required,
});
export const closed = { additionalProperties: false };
