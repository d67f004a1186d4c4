import { afterEach, expect, test } from "vitest";
import { Response } from "nexus-platform/message";
import { cleanUp, serve } from "../sockets.ts";
import { serveKinds } from "./app.ts";
import { type Answer, Conversation, converse } from "./conversation.ts";
import { ending, type Kind, staying, ways } from "./kinds.ts";
import { close, request } from "./requests.ts";

afterEach(cleanUp);

/** Checks that an answer is the one of this request. */
function check(kind: Kind, n: number, answer: Answer | undefined, all: string): void {
  const { status, body, headers } = answer ?? {};
  // A refusal by the server itself has no id.
  const id = headers?.["x-request-id"] ?? (status! >= 400 ? `r${n}` : undefined);
  const got = [status, kind.body ? body : "", kind.bytes(n).includes("X-Request-ID") ? id : ""];
  const expected = [
    kind.status,
    kind.body?.(n) ?? "",
    kind.bytes(n).includes("X-Request-ID") ? `r${n}` : "",
  ];
  if (String(got) !== String(expected)) expect(got, `${kind.name} in ${all}`).toEqual(expected);
}

async function checkAll(client: Conversation, kinds: readonly Kind[], first = 0): Promise<void> {
  const all = kinds.map(({ name }) => name).join(", ");
  for (const [at, kind] of kinds.entries()) {
    if (kind.isContinued) expect((await client.answer()).status, all).toBe(100);
    check(kind, first + at, await client.answer(kind.method), all);
  }
}

const inOnePiece = (kinds: readonly Kind[], first = 0): string =>
  kinds.map((kind, at) => kind.bytes(first + at)).join("");

test.each([
  ["two", staying, 2],
  ["three", ways, 3],
])(
  "any %s requests in one piece are answered in their order, each by its own answer",
  async (_, all, count) => {
    const { port } = await serveKinds();
    const from = async (first: Kind): Promise<void> => {
      const client = await Conversation.open(port);
      for (const kinds of sequences(all, count - 1)) {
        client.send(inOnePiece([first, ...kinds]));
        await checkAll(client, [first, ...kinds]);
      }
      client.send(request("/now", { fields: [close] }));
      expect(await client.answers()).toMatchObject([{ status: 200, body: '{"now":0}' }]);
    };
    await Promise.all(all.map(from));
  },
);

test("behind an answer that ends the connection nothing is answered any more", async () => {
  const { port } = await serveKinds();
  const from = async (first: Kind): Promise<void> => {
    for (const last of ending)
      for (const behind of [staying[0]!, staying[2]!, staying[10]!, ending[0]!, ending.at(-1)!]) {
        const kinds = [first, last];
        const client = await Conversation.open(port);
        client.send(inOnePiece([...kinds, behind]));
        await checkAll(client, kinds);
        await client.over();
        expect(client.rest, kinds.map(({ name }) => name).join(", ")).toBe("");
      }
  };
  await Promise.all(staying.map(from));
});

test("they begin in their order, also where one waits a moment for its body", async () => {
  const { port, seen } = await serve(({ target }) => new Response(target));
  const client = await Conversation.open(port);
  const bodies = [undefined, "small", undefined, "also small", undefined];
  const all = bodies.map((body, n) => request(`/${n}`, { ...(body && { body }) }));
  client.send(all.join(""));
  for (const n of bodies.keys()) expect((await client.answer()).body).toBe(`/${n}`);
  expect(seen.map(({ target }) => target)).toEqual(["/0", "/1", "/2", "/3", "/4"]);
});

test("a hundred requests of all kinds in one piece are answered in their order", async () => {
  const { port } = await serveKinds();
  const client = await Conversation.open(port);
  for (let round = 0; round < 4; round++) {
    const kinds = Array.from(
      { length: 100 },
      (_, at) => staying[(at * (round * 2 + 3)) % staying.length]!,
    );
    client.send(inOnePiece(kinds));
    await checkAll(client, kinds);
  }
});

test("ten thousand requests in one piece are answered in their order", async () => {
  const { port } = await serveKinds();
  const targets = Array.from({ length: 10_000 }, (_, n) => `/${n % 3 ? "now" : "later"}?n=${n}`);
  const bytes = targets.map((target) => request(target)).join("");
  const answers = await converse(port, bytes + request("/missing", { fields: [close] }));
  expect(answers.pop()!.status).toBe(404);
  const bodies = targets.map((target, n) => `{"${target.slice(1, target.indexOf("?"))}":${n}}`);
  expect(answers.map(({ body }) => body)).toEqual(bodies);
});

function sequences(all: readonly Kind[], length: number): Kind[][] {
  if (length === 0) return [[]];
  return sequences(all, length - 1).flatMap((rest) => all.map((kind) => [kind, ...rest]));
}
