import { expect, test } from "vitest";
import { createApp, get, post, middleware, Plugin, JSONResponse, contextKey, setRequestContext, getRequestContext } from "nexus-platform";
import { emit, event, on } from "nexus-platform/events";
import { accessLog, cors, securityHeaders, timeout } from "nexus-platform/middleware";
import { z } from "zod";
const hello = event("probe.hello", z.object({}));
let heard: unknown;
class Shop extends Plugin {
  override middleware = [async (r: any, next: any) => { const x = await next(); x.headers.set("x-plugin", "1"); return x; }];
  @middleware
  async method(r: any, next: any) { const x = await next(r); x.headers.set("x-method", "1"); return x; }
  hi = get("/hi", async () => { setRequestContext("a", 1); await emit(hello, {}); return "hi"; });
  slow = get("/slow", { timeout: 0.05 }, ({ signal }) => new Promise((_, no) => signal.addEventListener("abort", () => no(signal.reason))));
  boom = get("/boom", () => { throw new Error("hunter2"); });
  on = on(hello, () => { heard = getRequestContext(); });
}
test("probe", async () => {
  const lines: string[] = [];
  const { createLog } = await import("./log.ts");
  const log = await createLog({ destination: { write: (l) => lines.push(l) } });
  const app = await createApp({ log, plugins: [Shop], middleware: [accessLog(), securityHeaders(), cors({ origins: ["https://a.example"], credentials: true }), timeout(30)] });
  const p = app.plugins?.plugins?.map((x: any) => x.name);
  for (const path of ["/hi", "/nope", "/slow", "/boom", "/docs", "/openapi.json"]) {
    for (const method of ["GET", "OPTIONS"]) {
      const r = await app.fetch(new Request("http://x" + path, { method, headers: { origin: "https://a.example", "access-control-request-method": "PUT" } }));
      console.log(method, path, r.status, Object.fromEntries(r.headers), (await r.text()).slice(0, 150));
    }
  }
  console.log(p, heard, lines.join(""));
  await app.close(0);
});
