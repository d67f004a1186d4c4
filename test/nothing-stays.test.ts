import { cp } from "node:fs/promises";
import { join, resolve } from "node:path";
import { afterAll, expect, test } from "vitest";
import { cleanUp, makeFolder, nexus, until } from "./nexus-process.ts";

/** The inventory of a running app, before and after a plugin that uses everything. */

const fixtures = resolve(import.meta.dirname, "nothing-stays");
const env = { NEXUS_ADMIN_USER: "root", NEXUS_ADMIN_PASSWORD: "Correct-Horse-9" };
// A connection of its own, so that none is left over.
const headers: Record<string, string> = { connection: "close" };

afterAll(cleanUp);

test("debug", { timeout: 120_000 }, async () => {
  const folder = await makeFolder();
  await cp(join(fixtures, "surveyor"), join(folder, "plugins/surveyor"), { recursive: true });
  const server = nexus("start", folder, env);
  const url = await server.url();
  const ask = async (method: string, path: string, body?: object | FormData) => {
    const isForm = body instanceof FormData;
    const response = await fetch(url + path, {
      method,
      headers: { ...headers, ...(body && !isForm && { "content-type": "application/json" }) },
      ...(body && { body: isForm ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    console.log(method, path, response.status, text.slice(0, 150));
    return text;
  };
  const { access_token } = JSON.parse(
    await ask(
      "POST",
      "/auth/login",
      (() => {
        const f = new FormData();
        f.set("username", "root");
        f.set("password", "Correct-Horse-9");
        return f;
      })(),
    ),
  );
  headers["authorization"] = `Bearer ${access_token}`;
  const survey = async () => {
    const found = JSON.parse(await ask("GET", "/surveyor/"));
    found.openapi = await ask("GET", "/openapi.json");
    found.permissions = await ask("GET", "/auth/admin/permissions?per_page=100");
    return found;
  };
  await survey();
  const before = await survey();
  await ask("POST", "/api/v1/plugins/install", {
    spec: join(fixtures, "everything"),
    enable: false,
  });
  const installed = await survey();
  await ask("POST", "/api/v1/plugins/everything/enable");
  const running = await survey();
  await ask("GET", "/everything/things");
  await ask("POST", "/everything/things", { id: 1, name: "a" });
  await ask("GET", "/everything/broken");
  await ask("GET", "/everything/mine");
  await ask("GET", "/everything/inner/heard");
  await ask("POST", "/everything/tasks", { n: 3 });
  const form = new FormData();
  form.set("file", new Blob([new Uint8Array(5_000_000)]), "a.bin");
  await ask("POST", "/everything/upload", form);
  await ask("POST", "/api/v1/plugins/everything/disable", {});
  const after = await survey();
  await ask("DELETE", "/api/v1/plugins/everything?data=drop");
  const gone = await survey();
  console.log(
    server
      .stderr()
      .split("\n")
      .filter((l) => !l.includes('"level":30'))
      .join("\n"),
  );
  const flat = (v: any, at = ""): Record<string, string> =>
    Object.assign(
      {},
      ...Object.entries(v).map(([k, one]) =>
        typeof one === "object" && one
          ? flat(
              Array.isArray(one) ? Object.fromEntries(one.map((x: any) => [x, 1])) : one,
              `${at}.${k}`,
            )
          : { [`${at}.${k}`]: String(one) },
      ),
    );
  const diff = (a: any, b: any) => {
    const [x, y] = [flat(a), flat(b)];
    for (const k of new Set([...Object.keys(x), ...Object.keys(y)]))
      if (x[k] !== y[k])
        console.log(k.slice(0, 200), ":", x[k]?.slice(0, 1500), "→", y[k]?.slice(0, 1500));
  };
  console.log("--- before → installed");
  diff(before, installed);
  console.log("--- installed → running");
  diff(
    { ...installed, openapi: "", permissions: "" },
    { ...running, openapi: "", permissions: "" },
  );
  console.log("--- installed → after");
  diff(installed, after);
  console.log("--- before → gone");
  diff(before, gone);
});
