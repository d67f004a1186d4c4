import multipart from "@fastify/multipart";
import Fastify, { type FastifyInstance } from "fastify";
import { createReadStream, createWriteStream } from "node:fs";
import { stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import * as work from "./work.ts";

/** Fastify, with schemas for what comes and what leaves. */

const string = { type: "string" };
const properties = {
  id: { type: "integer" },
  name: { type: "string", minLength: 1, maxLength: 100 },
  email: { type: "string", pattern: work.emailPattern },
  active: { type: "boolean" },
  score: { type: "number" },
  tags: { type: "array", items: string },
};
const Items = {
  type: "array",
  items: { type: "object", required: Object.keys(properties), properties },
};
const Count = { type: "object", properties: { count: { type: "integer" } } };
const query = { type: "object", properties: { count: { type: "integer" } } };
const Hello = { type: "object", properties: { message: string } };

const options = { bodyLimit: work.largestBody, keepAliveTimeout: work.keepAlive * 1000 };
const app = (
  work.tls ? Fastify({ ...options, https: work.tls }) : Fastify(options)
) as FastifyInstance;
await app.register(multipart, { limits: { fileSize: work.largestFile } });

app.get("/hello", { schema: { response: { 200: Hello } } }, async () => ({ message: "Hello" }));

app.get<{ Querystring: { count: number } }>(
  "/items",
  { schema: { querystring: query, response: { 200: Items } } },
  async ({ query }) => work.items.slice(0, query.count),
);

app.post<{ Body: work.Item[] }>(
  "/items",
  { schema: { body: Items, response: { 200: Count } } },
  async ({ body }) => ({ count: body.length }),
);

app.post("/files", async (request) => {
  const part = await request.file();
  const path = join(work.folder, `upload-${process.hrtime.bigint()}`);
  await pipeline(part!.file, createWriteStream(path));
  const { size } = await stat(path);
  await unlink(path);
  return { size };
});

app.get("/files/large", async (_, reply) => {
  const path = join(work.folder, "large");
  const { size } = await stat(path);
  return reply
    .header("content-type", "application/octet-stream")
    .header("content-length", size)
    .send(createReadStream(path));
});

for (let n = 1; n <= work.plugins; n++) {
  await app.register(
    async (plugin) => {
      for (const [method, path] of work.routes)
        plugin.route({
          method,
          url: path.replaceAll("{", ":").replaceAll("}", ""),
          handler: async () => ({ n }),
        });
    },
    { prefix: `/plugin-${n}` },
  );
}
await app.listen({ port: work.port, host: work.host });
