import { describe, expect, test } from "vitest";
import { Context } from "../context.ts";
import { HTTPException, problemOf } from "../exceptions.ts";
import { Headers, JSONResponse, Request, Response } from "../message/index.ts";
import { Scope } from "../scope.ts";
import { type Answer, compose } from "./compose.ts";
import { cors, type CorsOptions } from "./cors.ts";

const shop = "https://shop.example";

describe("an answer", () => {
  test("to an origin that is listed may be read by it", async () => {
    const { headers } = await ask({ origins: [shop] }, { Origin: shop });
    expect([...headers]).toEqual([
      ["vary", "Origin"],
      ["access-control-allow-origin", shop],
    ]);
  });

  test("to another origin has no headers, but says that it depends on the origin", async () => {
    for (const origin of ["https://evil.example", "http://shop.example", `${shop}:8443`, "null"]) {
      const { headers } = await ask({ origins: [shop] }, { Origin: origin });
      expect([...headers]).toEqual([["vary", "Origin"]]);
    }
  });

  test("to a request without an origin says that it depends on the origin: a cache gives it to others", async () => {
    const { headers } = await ask({ origins: [shop] }, {});
    expect([...headers]).toEqual([["vary", "Origin"]]);
  });

  test("for everyone is the same for everyone", async () => {
    for (const sent of [{}, { Origin: shop }, { Origin: "null" }]) {
      const { headers } = await ask({ origins: "*" }, sent);
      expect([...headers]).toEqual([["access-control-allow-origin", "*"]]);
    }
  });

  test("names what a script may read of it, and that cookies are welcome", async () => {
    const options = { origins: shop, credentials: true, exposed: ["X-Total", "X-Page"] };
    const { headers } = await ask(options, { Origin: shop });
    expect(headers.get("access-control-expose-headers")).toBe("X-Total, X-Page");
    expect(headers.get("access-control-allow-credentials")).toBe("true");
    const refused = await ask(options, { Origin: "https://evil.example" });
    expect([...refused.headers]).toEqual([["vary", "Origin"]]);
  });

  test("keeps the Vary that it has, and names Origin once", async () => {
    for (const [before, after] of [
      ["Accept", "Accept, Origin"],
      ["Accept, origin", "Accept, origin"],
      ["*", "*"],
    ] as const) {
      const answer = () => new Response("", { headers: { Vary: before } });
      const { headers } = await ask({ origins: shop }, { Origin: shop }, answer);
      expect(headers.getAll("vary")).toEqual([after]);
    }
  });

  test("has one Access-Control-Allow-Origin, even where the route has set one", async () => {
    const { headers } = await ask(
      { origins: shop },
      { Origin: shop },
      () => new Response("", { headers: { "Access-Control-Allow-Origin": "*" } }),
    );
    expect(headers.getAll("access-control-allow-origin")).toEqual([shop]);
  });

  test("that is an error may be read too", async () => {
    const { status, headers } = await ask({ origins: shop }, { Origin: shop }, () =>
      Promise.reject(new HTTPException(404)),
    );
    expect([status, headers.get("access-control-allow-origin")]).toEqual([404, shop]);
  });
});

describe("a preflight", () => {
  const wish = { Origin: shop, "Access-Control-Request-Method": "PUT" };

  test("is answered by the layer, and goes no further", async () => {
    let asked = false;
    const response = await ask(
      { origins: shop },
      wish,
      () => {
        asked = true;
        return new Response();
      },
      "OPTIONS",
    );
    expect(asked).toBe(false);
    expect([response.status, response.body]).toEqual([204, null]);
    expect(response.headers.get("access-control-allow-origin")).toBe(shop);
    expect(response.headers.get("access-control-allow-methods")).toBe(
      "GET, HEAD, POST, PUT, PATCH, DELETE",
    );
    expect(response.headers.get("vary")).toBe("Origin, Access-Control-Request-Headers");
  });

  test("allows the headers that it asks for, unless they are listed", async () => {
    const sent = { ...wish, "Access-Control-Request-Headers": "authorization,x-tenant" };
    const free = await ask({ origins: shop }, sent, undefined, "OPTIONS");
    expect(free.headers.get("access-control-allow-headers")).toBe("authorization,x-tenant");
    const listed = await ask(
      { origins: shop, headers: ["Authorization", "Content-Type"] },
      sent,
      undefined,
      "OPTIONS",
    );
    expect(listed.headers.get("access-control-allow-headers")).toBe("Authorization, Content-Type");
    expect(listed.headers.get("vary")).toBe("Origin");
    const none = await ask({ origins: shop, headers: [] }, sent, undefined, "OPTIONS");
    expect(none.headers.has("access-control-allow-headers")).toBe(false);
  });

  test("says methods, credentials and how long it holds, as it was told", async () => {
    const options = { origins: shop, methods: ["GET", "PUT"], credentials: true, maxAge: 600 };
    const { headers } = await ask({ ...options, exposed: ["X-Total"] }, wish, undefined, "OPTIONS");
    expect(headers.get("access-control-allow-methods")).toBe("GET, PUT");
    expect(headers.get("access-control-allow-credentials")).toBe("true");
    expect(headers.get("access-control-max-age")).toBe("600");
    expect(headers.has("access-control-expose-headers")).toBe(false);
  });

  test("of an origin that is not allowed gets a bare 204", async () => {
    const sent = { ...wish, Origin: "https://evil.example" };
    const response = await ask({ origins: shop, maxAge: 5 }, sent, undefined, "OPTIONS");
    expect([response.status, [...response.headers]]).toEqual([204, [["vary", "Origin"]]]);
  });

  test("may ask for the private network, and is not answered on that", async () => {
    const sent = { ...wish, "Access-Control-Request-Private-Network": "true" };
    const { headers } = await ask({ origins: "*" }, sent, undefined, "OPTIONS");
    expect(headers.has("access-control-allow-private-network")).toBe(false);
  });

  test("is only an OPTIONS with an origin and a wished method; others go on", async () => {
    for (const [method, sent] of [
      ["OPTIONS", { Origin: shop }],
      ["OPTIONS", { "Access-Control-Request-Method": "PUT" }],
      ["GET", wish],
    ] as const) {
      const response = await ask({ origins: shop }, sent, () => new Response("on"), method);
      expect(response.body).toBe("on");
    }
  });
});

describe("origins", () => {
  test("may be patterns, which have to match the whole origin", async () => {
    const pattern = /https:\/\/(\w+\.)?shop\.example/g;
    for (let n = 0; n < 3; n++) expect(await allows(pattern, shop)).toBe(true);
    expect(await allows([pattern, "https://other.example"], "https://a.shop.example")).toBe(true);
    expect(await allows(pattern, `${shop}.evil.example`)).toBe(false);
    expect(await allows(/https:\/\/a|https:\/\/b/, "https://ab")).toBe(false);
  });

  test("may be a function, and only true is yes", async () => {
    expect(await allows((origin) => origin === shop, shop)).toBe(true);
    expect(await allows((origin) => origin === shop, "https://other.example")).toBe(false);
    expect(await allows((() => Promise.resolve(true)) as never, shop)).toBe(false);
  });

  test('include "null" only where it is listed, or a function says so', async () => {
    expect(await allows([/.*/, shop], "null")).toBe(false);
    expect(await allows([shop, "null"], "null")).toBe(true);
    expect(await allows((origin) => origin === "null", "null")).toBe(true);
  });

  test("may be of apps: any scheme with a host", async () => {
    expect(await allows("capacitor://localhost", "capacitor://localhost")).toBe(true);
    expect(await allows("http://localhost:5173", "http://localhost:5173")).toBe(true);
  });

  test("that a browser would never send are refused where the layer is made", () => {
    for (const [origin, cure] of [
      ["https://shop.example/", 'Write "https://shop.example".'],
      ["https://Shop.example", 'Write "https://shop.example".'],
      ["https://shop.example:443", 'Write "https://shop.example".'],
      ["https://shop.example/api", 'Write "https://shop.example".'],
      ["shop.example", "Write scheme, host and port"],
      ["", "Write scheme, host and port"],
      ["localhost:5173", "Write scheme, host and port"],
      ["https://*.shop.example", "Write a RegExp"],
    ] as const) {
      const make = () => cors({ origins: [origin] });
      expect(make).toThrow(expect.objectContaining({ code: "NX_CORS" }));
      expect(make).toThrow(cure);
    }
  });
});

test("a star beside credentials is refused where the layer is made: no browser would take it", () => {
  for (const options of [
    { origins: "*" },
    { origins: [shop, "*"] },
    { origins: shop, headers: ["*"] },
    { origins: shop, exposed: ["*"] },
    { origins: shop, methods: ["*"] },
  ]) {
    expect(() => cors({ ...options, credentials: true })).toThrow(
      expect.objectContaining({ code: "NX_CORS" }),
    );
    expect(() => cors(options)).not.toThrow();
  }
});

test("the layer is called cors", () => {
  expect(cors({ origins: "*" }).name).toBe("cors");
});

async function allows(origins: CorsOptions["origins"], origin: string): Promise<boolean> {
  return (await ask({ origins }, { Origin: origin })).headers.has("access-control-allow-origin");
}

async function ask(
  options: CorsOptions,
  sent: Record<string, string>,
  answer: Answer = () => new Response(),
  method = "GET",
) {
  const request = new Request({ method, target: "/", headers: new Headers(sent) });
  const context = new Context(request, new Scope("app", "app"));
  const run = compose(
    [cors(options)],
    answer,
    (error) => new JSONResponse({}, { status: problemOf(error).status }),
  );
  return context.run(() => run(context));
}
