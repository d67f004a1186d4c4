import { expect, test } from "vitest";
import { z } from "zod";
import { eventsOf, get, media, streamOf } from "../http/index.ts";
import { createLog } from "../log.ts";
import { FileResponse } from "../message/index.ts";
import { Plugin, type PluginClass } from "../plugin/index.ts";
import { TestClient } from "../testing/index.ts";
import type { OpenAPIDocument } from "./document.ts";

const Item = z.object({ id: z.int() }).meta({ id: "Item" });
const file = (): FileResponse => new FileResponse("/nowhere");

async function documentOf(plugin: PluginClass): Promise<OpenAPIDocument> {
  await using client = await TestClient.of(plugin);
  return (await (await client.get("/openapi.json")).json()) as OpenAPIDocument;
}

test("a stream is documented as lines of its items, events as what they carry", async () => {
  class Streams extends Plugin {
    lines = get("/lines", { response: streamOf(Item), status: 202 }, () => []);
    events = get("/events", { response: eventsOf(Item) }, () => []);
  }
  const { paths, components } = await documentOf(Streams);
  const item = { $ref: "#/components/schemas/Item" };
  expect(paths["/lines"]?.get?.responses["202"]?.content).toEqual({
    "application/x-ndjson": {
      schema: { type: "array", description: expect.stringContaining("a line"), items: item },
    },
  });
  expect(paths["/events"]?.get?.responses["200"]?.content).toEqual({
    "text/event-stream": {
      schema: {
        type: "array",
        description: expect.stringContaining("Server-sent events"),
        items: {
          type: "object",
          properties: {
            data: { type: "string", contentMediaType: "application/json", contentSchema: item },
          },
          required: ["data"],
        },
      },
    },
  });
  expect(components?.schemas?.["Item"]).toMatchObject({ type: "object" });
});

test("other media are documented by their types, texts as texts, bytes as anything", async () => {
  class Media extends Plugin {
    files = get("/files", { response: media("application/pdf", "image/*", "text/csv") }, file);
    further = get(
      "/further",
      { responses: { 200: media("image/png"), 207: streamOf(Item) } },
      file,
    );
  }
  const { paths } = await documentOf(Media);
  expect(paths["/files"]?.get?.responses["200"]?.content).toEqual({
    "application/pdf": { schema: {} },
    "image/*": { schema: {} },
    "text/csv": { schema: { type: "string" } },
  });
  const { responses } = paths["/further"]!.get!;
  expect(Object.keys(responses["200"]?.content ?? {})).toEqual(["application/json", "image/png"]);
  expect(Object.keys(responses["207"]?.content ?? {})).toEqual(["application/x-ndjson"]);
});

test("only items that nobody can describe are warned of", async () => {
  const lines: string[] = [];
  const log = createLog({ destination: { write: (line) => lines.push(line) } });
  class Streams extends Plugin {
    files = get("/files", { response: media("application/pdf") }, file);
    lines = get("/lines", { response: streamOf(Item) }, () => []);
    mute = get("/mute", { response: streamOf(z.string().transform(Number)) }, () => []);
  }
  await using client = await TestClient.of(Streams, { log });
  await client.get("/openapi.json");
  const warnings = lines.filter((line) => line.includes("cannot describe"));
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain("GET /mute");
});
