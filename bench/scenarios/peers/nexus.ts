import { createApp, file, FileResponse, get, Plugin, post } from "nexus-platform";
import { join } from "node:path";
import { z } from "zod";
import { manyPlugins } from "./many-plugins.ts";
import * as work from "./work.ts";

/** This platform. NEXUS_TRANSPORT chooses the transport. */

const Item = z.object({
  id: z.int(),
  name: z.string().min(1).max(100),
  email: z.string().regex(new RegExp(work.emailPattern)),
  active: z.boolean(),
  score: z.number(),
  tags: z.array(z.string()),
});
const Items = z.array(Item);

class Scenarios extends Plugin {
  hello = get("/hello", async () => ({ message: "Hello" }));

  list = get("/items", { query: { count: z.int() }, response: Items }, async ({ count }) =>
    work.items.slice(0, count),
  );

  take = post("/items", { body: Items, bodyLimit: work.largestBody }, async ({ body }) => ({
    count: body.length,
  }));

  save = post(
    "/files",
    { form: { data: file({ maxSize: work.largestFile }) } },
    async ({ data }) => ({ size: data.size }),
  );

  large = get("/files/large", () => new FileResponse(join(work.folder, "large")));
}

const app = await createApp({
  plugins: [Scenarios, ...manyPlugins(work.plugins)],
  server: { keepAliveTimeout: work.keepAlive, ...(work.tls && { tls: work.tls }) },
});
await app.listen({ port: work.port, host: work.host });
