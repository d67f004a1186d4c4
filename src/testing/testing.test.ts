import { existsSync } from "node:fs";
import { expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import { createIdentity, currentUser } from "../auth/index.ts";
import { settingsKey } from "../config/index.ts";
import { dependency } from "../dependency.ts";
import {
  del,
  file,
  files,
  get,
  JSONResponse,
  post,
  put,
  RedirectResponse,
  type UploadFile,
} from "../http/index.ts";
import { createApp } from "../app/index.ts";
import { Plugin } from "../plugin/index.ts";
import { Service } from "../services.ts";
import { createTask, task } from "../tasks/index.ts";
import { pluginNamed, TestClient } from "./index.ts";

const User = z.object({ user_id: z.string(), created_at: z.date() });

class MyPlugin extends Plugin {
  static prefix = "/my-plugin";
  hello = get("/hello", () => ({ message: "Hello from my plugin!" }));
  add = post(
    "/users",
    { body: z.object({ email: z.email(), password: z.string().regex(/[A-Z]/) }), status: 201 },
    ({ body }) => ({ email: body.email }),
  );
  echo = put(
    "/echo",
    { headers: { "x-a": z.string() }, query: { q: z.array(z.int()) } },
    (input) => [input["x-a"], input.q],
  );
  form = post(
    "/form",
    { form: { name: z.string(), tag: z.array(z.string()) } },
    ({ name, tag }) => [name, tag],
  );
  user = get("/user", () => ({ user_id: "7", created_at: new Date(0) }));
  fail = get("/fail", () => {
    throw new RangeError("broken");
  });
  me = get("/me", { use: { me: currentUser } }, ({ me }) => me.username);
  visit = get("/visit", { cookies: { visits: z.int().default(0) } }, ({ visits }) => {
    const response = new JSONResponse(visits);
    response.setCookie("visits", String(visits + 1));
    return response;
  });
  forget = del("/visit", () => {
    const response = new JSONResponse("forgotten");
    response.setCookie("visits", "", { maxAge: 0 });
    return response;
  });
  old = post("/old", () => new RedirectResponse("/my-plugin/hello?x=1", { status: 303 }));
  away = get("/away", () => new RedirectResponse("https://example.com/my-plugin/hello"));
  ring = get("/ring", () => new RedirectResponse("/my-plugin/ring"));
}

test("hello endpoint (X8)", async () => {
  await using client = await TestClient.of(MyPlugin);
  const response = await client.get("/my-plugin/hello");
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({ message: "Hello from my plugin!" });
});

test("create user validation (X8)", async () => {
  await using client = await TestClient.of(MyPlugin);
  const response = await client.post("/my-plugin/users", {
    json: { username: "testuser", email: "invalid-email", password: "password123" },
  });
  expect(response.status).toBe(422);
  expect(((await response.json()) as any).errors).toHaveLength(2);
});

test("a request has JSON, a form, a query, headers (X1)", async () => {
  await using client = await TestClient.of(MyPlugin);
  const echo = await client.put("/my-plugin/echo", {
    headers: { "X-A": "a" },
    query: { q: [1, 2] },
  });
  expect(await echo.json()).toEqual(["a", [1, 2]]);
  const form = await client.post("/my-plugin/form", { form: { name: "Ann", tag: ["a", "b"] } });
  expect(await form.json()).toEqual(["Ann", ["a", "b"]]);
  client.headers["x-a"] = "always";
  expect(await (await client.put("/my-plugin/echo?q=3")).json()).toEqual(["always", [3]]);
});

const tell = async (file: UploadFile) => [file.filename, file.contentType, await file.text()];

test("files are sent as a browser does, beside the texts of the form (X1)", async () => {
  class Files extends Plugin {
    up = post(
      "/",
      { form: { title: z.string(), one: file(), many: files() } },
      async ({ title, one, many }) => [title, ...(await Promise.all([one, ...many].map(tell)))],
    );
  }
  await using client = await TestClient.of(Files);
  const response = await client.post("/", {
    form: { title: "Ä" },
    files: {
      one: new File(["Hello"], 'a "quoted" näme.txt', { type: "text/plain" }),
      many: [
        { filename: "a", content: "text" },
        { filename: "b", content: Uint8Array.of(0x62), type: "image/png" },
        new Blob(["blob"]),
      ],
    },
  });
  expect(await response.json()).toEqual([
    "Ä",
    ["a %22quoted%22 näme.txt", "text/plain", "Hello"],
    ["a", "application/octet-stream", "text"],
    ["b", "image/png", "b"],
    ["blob", "application/octet-stream", "blob"],
  ]);
});

test("cookies that answers set are kept, until they are deleted (X1)", async () => {
  await using client = await TestClient.of(MyPlugin);
  const visit = async () => (await client.get("/my-plugin/visit")).json();
  expect([await visit(), await visit(), await visit()]).toEqual([0, 1, 2]);
  const cookies = { visits: "9" };
  expect(await (await client.get("/my-plugin/visit", { cookies })).json()).toBe(9);
  expect(client.cookies.get("visits")).toBe("10");
  await client.delete("/my-plugin/visit");
  expect(client.cookies.size).toBe(0);
  expect(await visit()).toBe(0);
});

test("an answer has status, headers, text, bytes and JSON (X2)", async () => {
  await using client = await TestClient.of(MyPlugin);
  const response = await client.get("/my-plugin/hello");
  expect(response.ok).toBe(true);
  expect(response.headers.get("Content-Type")).toBe("application/json");
  expect(await response.text()).toBe('{"message":"Hello from my plugin!"}');
  expect(response.bytes()).toHaveLength(35);
});

test("JSON is checked and typed by a schema; dates in it are read (X2)", async () => {
  await using client = await TestClient.of(MyPlugin);
  const user = await (await client.get("/my-plugin/user")).json(User);
  expectTypeOf(user).toEqualTypeOf<{ user_id: string; created_at: Date }>();
  expect(user).toEqual({ user_id: "7", created_at: new Date(0) });
  const hello = await client.get("/my-plugin/hello");
  expectTypeOf(await hello.json()).toBeUnknown();
  await expect(hello.json(User)).rejects.toThrow(/^The answer does not fit: user_id: /);
});

test("an unexpected error is thrown at the test, unless it asks for the answer (X3)", async () => {
  await using strict = await TestClient.of(MyPlugin);
  await expect(strict.get("/my-plugin/fail")).rejects.toThrow(new RangeError("broken"));
  await using lenient = await TestClient.of(MyPlugin, { raiseErrors: false });
  expect((await lenient.get("/my-plugin/fail")).status).toBe(500);
});

test("plugins and services are started and stopped (X4)", async () => {
  const seen: string[] = [];
  class Store extends Service {
    override start = () => void seen.push("service started");
    override stop = () => void seen.push("service stopped");
  }
  class Living extends Plugin {
    static services = [Store];
    start = () => void seen.push("plugin started");
    stop = () => void seen.push("plugin stopped");
  }
  {
    await using _client = await TestClient.of(Living);
    expect(seen).toEqual(["service started", "plugin started"]);
  }
  expect(seen.slice(2)).toEqual(["plugin stopped", "service stopped"]);
});

test("a plugin that cannot start fails the test", async () => {
  class Broken extends Plugin {
    start(): void {
      throw new Error("cannot start");
    }
  }
  await expect(TestClient.of(Broken)).rejects.toThrow("cannot start");
});

test("redirects are followed, unless the test looks at them (X5)", async () => {
  await using client = await TestClient.of(MyPlugin);
  const followed = await client.post("/my-plugin/old", { json: { a: 1 } });
  expect(await followed.json()).toEqual({ message: "Hello from my plugin!" });
  const bare = await client.post("/my-plugin/old", { followRedirects: false });
  expect([bare.status, bare.headers.get("location")]).toEqual([303, "/my-plugin/hello?x=1"]);
  expect((await client.get("/my-plugin/ring")).status).toBe(307);
});

test("a redirect to another host is not followed (X5)", async () => {
  await using client = await TestClient.of(MyPlugin);
  const response = await client.get("/my-plugin/away");
  expect([response.status, response.headers.get("location")]).toEqual([
    307,
    "https://example.com/my-plugin/hello",
  ]);
});

test("as() asks as somebody; the client itself stays nobody (X6)", async () => {
  await using client = await TestClient.of(MyPlugin);
  const alice = client.as({ id: "1", username: "alice" });
  expect(await (await alice.get("/my-plugin/me")).json()).toBe("alice");
  expect((await client.get("/my-plugin/me")).status).toBe(401);
});

test("override puts something in the place of a dependency, until it is undone (X7, D10)", async () => {
  const price = dependency({ headers: { x_market: z.string() } }, () => 100);
  const total = dependency({ use: { price } }, ({ price }) => price * 2);
  class Prices extends Plugin {
    show = get("/", { use: { total } }, ({ total }) => total);
  }
  await using client = await TestClient.of(Prices);
  expect((await client.get("/")).status).toBe(422);
  const undo = client.override(price, async () => 5);
  expect(await (await client.get("/")).json()).toBe(10);
  undo();
  const response = await client.get("/", { headers: { "x-market": "de" } });
  expect(await response.json()).toBe(200);
});

test("each client has a data folder of its own, which is gone at the end", async () => {
  let folder: string;
  {
    await using client = await TestClient.of(MyPlugin);
    folder = client.app.scope.get(settingsKey).dataDir;
    expect(existsSync(folder)).toBe(true);
  }
  expect(existsSync(folder)).toBe(false);
});

test("a task that never ends holds up the end of a test for a moment only", async () => {
  const begun = Promise.withResolvers<void>();
  class Endless extends Plugin {
    wait = task({}, () => {
      begun.resolve();
      return new Promise(() => {});
    });
    begin = post("/begin", () => createTask(this.wait));
  }
  const client = await TestClient.of(Endless);
  await client.post("/begin");
  await begun.promise;
  const since = performance.now();
  await client[Symbol.asyncDispose]();
  expect(performance.now() - since).toBeLessThan(4000);
});

test("a client takes a running app, and leaves it running", async () => {
  await using app = await createApp({ plugins: [MyPlugin], env: {} });
  {
    await using client = await TestClient.of(app);
    expect((await client.get("/my-plugin/hello")).status).toBe(200);
  }
  await using again = await TestClient.of(app);
  expect((await again.get("/my-plugin/hello")).status).toBe(200);
});

test("a plugin may be tested under the name and with the manifest that it will have", async () => {
  class Named extends Plugin {
    show = get("/", () => [this.name, this.version]);
  }
  await using client = await TestClient.of(pluginNamed(Named, { name: "shop", version: "2.0.0" }));
  expect(await (await client.get("/")).json()).toEqual(["shop", "2.0.0"]);
});

test("two apps at once do not see each other", async () => {
  await using one = await TestClient.of(MyPlugin);
  await using two = await TestClient.of(MyPlugin);
  one.override(currentUser, () => createIdentity({ id: "1", username: "one" }));
  const [first, second] = await Promise.all([one.get("/my-plugin/me"), two.get("/my-plugin/me")]);
  expect([first.status, second.status]).toEqual([200, 401]);
});
