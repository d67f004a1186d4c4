import { expect, test } from "vitest";
import { Context } from "../context.ts";
import { problemOf } from "../exceptions.ts";
import { JSONResponse, Request, Response } from "../message/index.ts";
import { Scope } from "../scope.ts";
import { type Answer, compose } from "./compose.ts";
import { securityHeaders, type SecurityHeadersOptions } from "./security-headers.ts";

test("an answer carries Helmet's headers", async () => {
  const { headers } = await ask();
  expect(headers.get("content-security-policy")).toMatch(/^default-src 'self';/);
  expect(headers.get("strict-transport-security")).toMatch(/^max-age=31536000/);
  expect(headers.get("x-frame-options")).toBe("SAMEORIGIN");
  expect(headers.get("x-content-type-options")).toBe("nosniff");
  expect(headers.get("referrer-policy")).toBe("no-referrer");
  expect(headers.get("cross-origin-opener-policy")).toBe("same-origin");
});

test("an error carries them too", async () => {
  const response = await ask({}, () => Promise.reject(new Error("broken")));
  expect(response.status).toBe(500);
  expect(response.headers.get("x-frame-options")).toBe("SAMEORIGIN");
});

test("what a page says itself stays: its policy fits its scripts", async () => {
  const policy = "default-src 'none'; script-src 'sha256-abc'";
  const { headers } = await ask(
    {},
    () => new Response("<p>", { headers: { "content-security-policy": policy } }),
  );
  expect(headers.getAll("Content-Security-Policy")).toEqual([policy]);
  expect(headers.get("x-frame-options")).toBe("SAMEORIGIN");
});

test("the options are Helmet's", async () => {
  const { headers } = await ask({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], imgSrc: ["'self'", "https://img.example"] },
    },
    strictTransportSecurity: false,
    xFrameOptions: { action: "deny" },
  });
  expect(headers.get("content-security-policy")).toBe(
    "default-src 'none';img-src 'self' https://img.example",
  );
  expect(headers.has("strict-transport-security")).toBe(false);
  expect(headers.get("x-frame-options")).toBe("DENY");
});

test("an option that Helmet refuses is an error where the layer is made", () => {
  const options = { referrerPolicy: { policy: "nonsense" } } as never;
  expect(() => securityHeaders(options)).toThrow(
    expect.objectContaining({ code: "NX_SECURITY_HEADERS" }),
  );
});

test("a function in a policy is refused: it would be asked once for all requests", () => {
  const policy = { directives: { scriptSrc: ["'self'", () => "'nonce-1'"] } };
  expect(() => securityHeaders({ contentSecurityPolicy: policy })).toThrow(
    'The directive "scriptSrc" has a function.',
  );
});

test("a directive may be switched off", async () => {
  const { headers } = await ask({
    contentSecurityPolicy: { directives: { "upgrade-insecure-requests": null } },
  });
  expect(headers.get("content-security-policy")).not.toContain("upgrade-insecure-requests");
});

test("the layer is called securityHeaders", () => {
  expect(securityHeaders().name).toBe("securityHeaders");
});

async function ask(options?: SecurityHeadersOptions, answer: Answer = () => new Response("hello")) {
  const context = new Context(new Request({ method: "GET", target: "/" }), new Scope("app", "app"));
  const run = compose(
    [securityHeaders(options)],
    answer,
    (error) => new JSONResponse({}, { status: problemOf(error).status }),
  );
  return context.run(() => run(context));
}
