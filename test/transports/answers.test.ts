import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { cleanUp } from "../sockets.ts";
import { file, serveKinds } from "./app.ts";
import { type Answer, Conversation, converse } from "./conversation.ts";
import { close, request } from "./requests.ts";

afterEach(cleanUp);

test("HEAD has what GET has, but for the body, and the connection goes on", async () => {
  const { port } = await serveKinds();
  for (const target of [
    "/now",
    "/later",
    "/stream",
    "/file",
    "/fault",
    "/missing",
    "/bare/204",
    "/bare/404",
  ]) {
    const methods = ["HEAD", "GET", "HEAD"];
    const bytes = methods.map((method) => request(target, { method, fields: ["X-Request-ID: x"] }));
    const last = request("/now", { fields: [close] });
    const [head, got, again, end] = await converse(port, bytes.join("") + last, methods);
    for (const one of [head!, again!]) {
      expect([one.status, one.body]).toEqual([got!.status, ""]);
      expect(ofItself(one), target).toEqual(ofItself(got!));
    }
    expect(end!.body).toBe('{"now":0}');
  }
});

test("a status that has no body has no length either, whatever the method", async () => {
  const { port } = await serveKinds();
  const client = await Conversation.open(port);
  for (const status of [204, 304])
    for (const parts of [{}, { method: "HEAD" }, { fields: ['If-None-Match: "x"'] }]) {
      client.send(request(`/bare/${status}`, parts) + request("/now"));
      const { headers, ...answer } = await client.answer(parts.method);
      expect([answer.status, headers["content-length"], headers["transfer-encoding"]]).toEqual([
        status,
        undefined,
        undefined,
      ]);
      expect((await client.answer()).body).toBe('{"now":0}');
    }
});

test("an empty answer says that it is empty", async () => {
  const { port } = await serveKinds();
  for (const status of [200, 201, 205, 299, 400, 404, 500, 599]) {
    const [answer] = await converse(port, request(`/bare/${status}`, { fields: [close] }));
    expect([answer!.status, answer!.headers["content-length"], answer!.body]).toEqual([
      status,
      "0",
      "",
    ]);
  }
});

test("the length of a text is counted in bytes", async () => {
  const { port } = await serveKinds();
  const client = await Conversation.open(port);
  for (const text of [
    "",
    "plain",
    "gr\u00fcn",
    "\u00ff\u00e9",
    "\u2713",
    "\u{1f600} \u{1f44d}",
    "\u0800\uffff",
    "e\u0301",
  ]) {
    client.send(request(`/text?text=${encodeURIComponent(text)}`));
    const { headers, body } = await client.answer();
    expect([body, headers["content-length"]]).toEqual([text, String(Buffer.byteLength(text))]);
  }
  client.send(request("/lone"));
  expect(await client.answer()).toMatchObject({
    body: '"\\ud800"',
    headers: { "content-length": "8" },
  });
  client.send(request("/lone?text=true"));
  expect(await client.answer()).toMatchObject({
    body: "\ufffd",
    headers: { "content-length": "3" },
  });
  expect(client.rest).toBe("");
});

test("an answer of any size arrives whole", async () => {
  const { port } = await serveKinds();
  const client = await Conversation.open(port);
  for (const letter of ["x", "\u00fc", "\u2713"])
    for (const size of [1, 1000, 4095, 4096, 16_383, 16_384, 65_535, 65_536, 65_537, 1_000_000]) {
      client.send(request(`/repeated?letter=${encodeURIComponent(letter)}&size=${size}`));
      const { body } = await client.answer();
      expect(body === letter.repeat(size), `${size} ${letter}`).toBe(true);
    }
  client.send(request("/file"));
  expect((await client.answer()).body).toBe(readFileSync(file, "utf8"));
});

test("a header cannot be broken out of: a line break is a fault of the handler", async () => {
  const { port } = await serveKinds();
  for (const value of ["a\r\nSet-Cookie: b=c", "a\nb", "a\rb", "a\0b", "a\x7fb", "\u2713"]) {
    const bytes = request(`/header?value=${encodeURIComponent(value)}`);
    const answers = await converse(port, bytes + request("/now", { fields: [close] }));
    expect(answers.map(({ status }) => status)).toEqual([500, 200]);
    expect(Object.keys(answers[0]!.headers)).not.toContain("set-cookie");
  }
  const [answer] = await converse(port, request("/header?value=a%09%C3%BC", { fields: [close] }));
  expect(answer!.headers["x-value"]).toBe("a\t\xfc");
});

test("an answer says when it was made", async () => {
  const { port } = await serveKinds();
  const client = await Conversation.open(port);
  const dateOf = async (): Promise<number> => {
    client.send(request("/now"));
    const { date } = (await client.answer()).headers;
    expect(date).toMatch(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/);
    return Date.parse(date!);
  };
  const first = await dateOf();
  expect(Math.abs(first - Date.now())).toBeLessThan(60_000);
  while ((await dateOf()) === first) await sleep(50);
  expect(await dateOf()).toBeGreaterThan(first);
});

test("an answer names each field once", async () => {
  const { port } = await serveKinds();
  for (const target of ["/now", "/later", "/stream", "/file", "/missing", "/fault", "/bare/204"]) {
    const client = await Conversation.open(port);
    client.send(request(target, { fields: [close] }));
    await client.over();
    const [head] = client.rest.split("\r\n\r\n");
    const names = head!
      .split("\r\n")
      .slice(1)
      .map((line) => line.split(":")[0]!.toLowerCase());
    expect(names.toSorted(), target).toEqual([...new Set(names)].toSorted());
    expect(names).toEqual(expect.arrayContaining(["date", "connection", "x-request-id"]));
  }
});

/** What says nothing of the moment or of the way. */
function ofItself({ headers: { date: _, "transfer-encoding": __, ...others } }: Answer) {
  return others;
}
