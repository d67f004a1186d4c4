import { expect, test } from "vitest";
import { JSONResponse, RedirectResponse, Response, StreamingResponse } from "./response.ts";
import { fromWebResponse, isWebResponse, toWebResponse } from "./web.ts";

test("a response is 200 and empty until it is told otherwise", () => {
  const response = new Response();
  expect([response.status, response.ok, response.body]).toEqual([200, true, null]);
  expect([...response.headers]).toEqual([]);
  expect(new Response(null, { status: 404 }).ok).toBe(false);
});

test("text is UTF-8, and says so", () => {
  expect(new Response("hello").headers.get("content-type")).toBe("text/plain; charset=utf-8");
  expect(typeOf(new Response("<p>", { mediaType: "text/html" }))).toBe("text/html; charset=utf-8");
  expect(typeOf(new Response("x", { mediaType: "text/csv; charset=latin1" }))).toBe(
    "text/csv; charset=latin1",
  );
  expect(typeOf(new Response(Buffer.from("x"), { mediaType: "image/png" }))).toBe("image/png");
  expect(typeOf(new Response(Buffer.from("x")))).toBeNull();
});

test("a media type cannot break out of its header", () => {
  for (const mediaType of ["text/plain\r\nX-Evil: 1", "text/plain\n", "text/日本"])
    for (const headers of [undefined, { "X-A": "1" }])
      expect(() => new Response("x", { mediaType, headers })).toThrow('the header "Content-Type"');
});

test("a Content-Type among the headers wins", () => {
  const headers = { "content-type": "text/markdown" };
  expect(typeOf(new Response("#", { mediaType: "text/plain", headers }))).toBe("text/markdown");
});

test("a status that no answer can have is refused", () => {
  for (const status of [0, 101, 199, 600, 200.5, NaN, "200" as unknown as number]) {
    expect(() => (new Response().status = status)).toThrow(
      expect.objectContaining({ code: "NX_STATUS" }),
    );
    expect(() => new Response(null, { status })).toThrow(
      expect.objectContaining({ code: "NX_STATUS" }),
    );
  }
});

test("a response sets cookies", () => {
  const response = new Response();
  response.setCookie("a", "1");
  response.setCookie("b", "2", { httpOnly: true });
  expect(response.headers.getSetCookie()).toEqual([
    "a=1; Path=/; SameSite=lax",
    "b=2; Path=/; HttpOnly; SameSite=lax",
  ]);
});

test("a body can be read back, whatever it is", async () => {
  for (const body of ["ä1", Buffer.from("ä1"), stream(Buffer.from("ä"), "1")]) {
    expect(await new Response(body).text()).toBe("ä1");
  }
  expect(await new Response().text()).toBe("");
  expect(await new JSONResponse({ a: 1 }).json()).toEqual({ a: 1 });
});

test("JSON is compact and UTF-8", () => {
  const response = new JSONResponse({ name: "日本", list: [1, null] });
  expect(response.body).toBe('{"name":"日本","list":[1,null]}');
  expect(typeOf(response)).toBe("application/json");
  expect(new JSONResponse({}, { status: 201 }).status).toBe(201);
  expect(typeOf(new JSONResponse({}, { mediaType: "application/problem+json" }))).toBe(
    "application/problem+json",
  );
});

test("an option that is undefined is as good as none", () => {
  expect(typeOf(new JSONResponse({}, { mediaType: undefined }))).toBe("application/json");
  expect(new RedirectResponse("/a", { status: undefined }).status).toBe(307);
});

test("a redirect keeps the method, and encodes what an address cannot carry", () => {
  const response = new RedirectResponse("/users/ä b?q=1&r=%2F#top");
  expect(response.status).toBe(307);
  expect(response.headers.get("location")).toBe("/users/%C3%A4%20b?q=1&r=%2F#top");
  expect(new RedirectResponse("http://[::1]:80/").headers.get("location")).toBe("http://[::1]:80/");
  expect(new RedirectResponse("/a\r\nSet-Cookie: b=1").headers.get("location")).toBe(
    "/a%0D%0ASet-Cookie:%20b=1",
  );
  expect(new RedirectResponse("/😀\ud800%zz\\").headers.get("location")).toBe(
    "/%F0%9F%98%80%EF%BF%BD%zz%5C",
  );
  expect(new RedirectResponse("/a", { status: 303 }).status).toBe(303);
});

test("a stream may come from any list or generator", async () => {
  const lines = new StreamingResponse(["a\n", "b\n"], { mediaType: "text/csv" });
  expect(await lines.text()).toBe("a\nb\n");
  expect(typeOf(lines)).toBe("text/csv; charset=utf-8");
  expect(await new StreamingResponse(stream("ä", Buffer.from("1"))).text()).toBe("ä1");
});

test("a response becomes one of the web's kind, and back", async () => {
  const response = new JSONResponse({ a: 1 }, { status: 201, headers: { "X-A": "1" } });
  response.setCookie("a", "1");
  response.setCookie("b", "2");
  const web = toWebResponse(response);
  expect([isWebResponse(web), isWebResponse(response)]).toEqual([true, false]);
  expect([web.status, web.headers.get("x-a"), web.headers.getSetCookie().length]).toEqual([
    201,
    "1",
    2,
  ]);
  const back = fromWebResponse(web);
  expect(back.status).toBe(201);
  expect(back.headers.getSetCookie()).toHaveLength(2);
  expect(typeOf(back)).toBe("application/json");
  expect(await back.json()).toEqual({ a: 1 });
});

test("a stream becomes one of the web's", async () => {
  const web = toWebResponse(new StreamingResponse(["a", "b"]));
  expect(await web.text()).toBe("ab");
});

test("a status without a body has none on the web's side either", async () => {
  for (const status of [204, 205, 304]) {
    const web = toWebResponse(new Response("x", { status }));
    expect([web.status, web.body]).toEqual([status, null]);
  }
});

function typeOf(response: Response): string | null {
  return response.headers.get("content-type");
}

async function* stream(...chunks: (Uint8Array | string)[]): AsyncIterable<Uint8Array | string> {
  yield* chunks;
}
