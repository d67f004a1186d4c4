import { Writable } from "node:stream";
import { expect, test } from "vitest";
import { z } from "zod";
import { createEndpoint, createErrorAnswer, get, problemJSON, routesOf } from "../http/index.ts";
import { createLog } from "../log.ts";
import { Plugin, pluginInfo, tableKey } from "../plugin/index.ts";
import type { Scope } from "../scope.ts";
import { TestClient } from "../testing/index.ts";
import type { OpenAPIDocument } from "./document.ts";
import { addTagMetadata, createOpenAPI, describeApp } from "./index.ts";

class Notes extends Plugin {
  list = get("/notes", { tags: ["Notes"] }, () => []);
}
class Users extends Plugin {
  list = get("/users", { tags: ["People", "Notes"] }, () => []);
  remove = get("/a-first", { tags: ["People"] }, () => []);
}

const textOf = async (client: TestClient): Promise<string> =>
  (await client.get("/openapi.json")).text();

/** Starts one more plugin in a running app. @returns its scope */
function add(client: TestClient, type: typeof Users, prepare: () => unknown): Scope {
  const { scope: app } = client.app;
  const plugin = app.child("plugin", "users");
  const { signal } = new AbortController();
  plugin.provide(pluginInfo, {
    name: "users",
    version: "1.0.0",
    config: undefined,
    signal,
  });
  plugin.run(prepare);
  const options = { plugin: "users", scope: plugin, onError: createErrorAnswer(problemJSON) };
  const routes = plugin.run(() => routesOf(new type()));
  plugin.defer(app.get(tableKey).add(routes.map((route) => createEndpoint(route, options))));
  return plugin;
}

test("a plugin that starts is in the document at once, and one that stops leaves no trace", async () => {
  await using client = await TestClient.of(Notes);
  const before = await textOf(client);
  const scope = add(client, Users, () =>
    addTagMetadata({ name: "Notes", description: "From users" }),
  );
  const during = JSON.parse(await textOf(client)) as OpenAPIDocument;
  expect(Object.keys(during.paths)).toEqual(["/a-first", "/notes", "/users"]);
  expect(during.tags).toEqual([{ name: "Notes", description: "From users" }]);
  await scope.dispose();
  expect(await textOf(client)).toBe(before);
});

test("the document does not depend on the order in which plugins start", async () => {
  await using one = await TestClient.of([Notes, Users]);
  await using other = await TestClient.of([Users, Notes]);
  expect(await textOf(one)).toBe(await textOf(other));
});

test("tags are listed where a route has them, in the order of first use", async () => {
  const removals = [
    addTagMetadata({ name: "Notes", description: "Replaced" }),
    addTagMetadata({ name: "Notes", description: "What people write" }),
    addTagMetadata({ name: "Unused" }),
    addTagMetadata({ name: "People", externalDocs: { url: "https://example.com/people" } }),
  ];
  await using client = await TestClient.of([Notes, Users]);
  expect((JSON.parse(await textOf(client)) as OpenAPIDocument).tags).toEqual([
    { name: "People", externalDocs: { url: "https://example.com/people" } },
    { name: "Notes", description: "What people write" },
  ]);
  for (const remove of removals) remove();
});

test("a tag that is described later shows in the document", async () => {
  await using client = await TestClient.of(Notes);
  await textOf(client);
  const remove = client.app.run(() => addTagMetadata({ name: "Notes", description: "Late" }));
  expect(await textOf(client)).toContain("Late");
  remove();
  expect(await textOf(client)).not.toContain("Late");
});

test("a client that has the document already is told so", async () => {
  await using client = await TestClient.of(Notes);
  const first = await client.get("/openapi.json");
  expect(first.headers.get("content-type")).toBe("application/json");
  const etag = first.headers.get("etag")!;
  const second = await client.get("/openapi.json", { headers: { "If-None-Match": `W/${etag}` } });
  expect([second.status, await second.text()]).toEqual([304, ""]);
  await using other = await TestClient.of(Users);
  expect((await other.get("/openapi.json", { headers: { "If-None-Match": etag } })).status).toBe(
    200,
  );
});

test("the page and all that it loads come from here, and no script stands in the page", async () => {
  await using client = await TestClient.of(Notes, { docs: { title: "A <b> & c" } });
  const page = await client.get("/docs");
  const html = await page.text();
  expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
  expect(page.headers.get("content-security-policy")).toContain("default-src 'self'; ");
  expect(html).toContain("<title>A &lt;b&gt; &amp; c</title>");
  expect(html).not.toMatch(/https?:\/\/|<script>|\son\w+=/);
  const files = [...html.matchAll(/(?:src|href)="\.(\/[^"]+)"/g)].map(([, path]) => path!);
  expect(files).toContain("/docs/swagger-ui.css");
  expect(files).toContain("/docs/swagger-ui-bundle.js");
  for (const file of files) {
    const response = await client.get(file);
    expect(response.status, file).toBe(200);
    expect(response.headers.get("etag"), file).toMatch(/^"/);
    expect(response.headers.get("content-type"), file).toMatch(
      /^(text\/(css|javascript)|image\/png|application\/json)/,
    );
  }
  const etag = (await client.get("/docs/swagger-ui.css")).headers.get("etag")!;
  expect(
    (await client.get("/docs/swagger-ui.css", { headers: { "If-None-Match": etag } })).status,
  ).toBe(304);
});

test("the page that an authorization server comes back to has no script of its own either", async () => {
  await using client = await TestClient.of(Notes);
  const page = await client.get("/docs/oauth2-redirect");
  expect(await page.text()).toContain('<script src="./oauth2-redirect.js"></script>');
  expect(page.headers.get("content-security-policy")).toContain("default-src 'self'");
  expect(await (await client.get("/docs/oauth2-redirect.js")).text()).toContain(
    "swaggerUIRedirectOauth2",
  );
});

test("the page may ask the servers that the document names", async () => {
  const docs = { servers: [{ url: "https://api.example.com/v1" }, { url: "/v1" }] };
  await using client = await TestClient.of(Notes, { docs });
  const policy = (await client.get("/docs")).headers.get("content-security-policy");
  expect(policy).toContain("connect-src 'self' https://api.example.com;");
});

test("page and document may stand under another path, or be left out", async () => {
  await using moved = await TestClient.of(Notes, { docs: { path: "/internal" } });
  expect((await moved.get("/internal/docs")).status).toBe(200);
  expect((await moved.get("/internal/openapi.json")).status).toBe(200);
  expect((await moved.get("/openapi.json")).status).toBe(404);
  await using none = await TestClient.of(Notes, { docs: false });
  expect((await none.get("/docs")).status).toBe(404);
  const { paths } = await describeApp(none.app.scope);
  expect(Object.keys(paths)).toEqual(["/notes"]);
});

test("an answer that cannot be described is warned of once, when its plugin starts", async () => {
  class Vague extends Plugin {
    length = get("/length", { response: z.string().transform((text) => text.length) }, () => "a");
    inside = get("/inside", { response: z.object({ a: z.string().transform(Number) }) }, () => ({
      a: "1",
    }));
    piped = get(
      "/piped",
      { response: z.date().transform(String).pipe(z.string()) },
      () => new Date(),
    );
    any = get("/any", { response: z.unknown() }, () => 1);
    hidden = get("/hidden", { response: z.custom<string>(), hidden: true }, () => "");
  }
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk: Buffer, _, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  const log = createLog({ level: "warn", pretty: false, destination });
  await using client = await TestClient.of(Vague, { log });
  await expect
    .poll(() => lines.map((line) => (JSON.parse(line) as { msg: string }).msg.split(" (")[0]))
    .toEqual(["GET /length", "GET /inside"]);
  const { paths } = JSON.parse(await textOf(client)) as OpenAPIDocument;
  expect(paths["/length"]?.get?.responses["200"]?.content).toEqual({
    "application/json": { schema: {} },
  });
  expect(lines).toHaveLength(2);
});

test("a schema that fails while its answer is looked at costs nobody else anything", async () => {
  const fails = {
    "~standard": {
      version: 1,
      vendor: "own",
      validate: (value: unknown) => ({ value }),
      get jsonSchema(): undefined {
        throw new Error("no such luck");
      },
    },
  } as const;
  class Vague extends Plugin {
    broken = get("/broken", { response: fails }, () => 1);
    length = get("/length", { response: z.string().transform((text) => text.length) }, () => "a");
  }
  const lines: string[] = [];
  const log = createLog({ pretty: false, destination: { write: (line) => lines.push(line) } });
  await using client = await TestClient.of(Vague, { log });
  await expect
    .poll(() => lines.map((line) => (JSON.parse(line) as { msg: string }).msg.split(" ")[1]))
    .toEqual(["/broken", "/length"]);
  expect((await client.get("/length")).status).toBe(200);
});

test("a document can be made of routes alone", async () => {
  await using client = await TestClient.of([Notes, Users]);
  const { routes } = client.app;
  expect(createOpenAPI(routes)).toEqual(createOpenAPI(routes.toReversed()));
});
