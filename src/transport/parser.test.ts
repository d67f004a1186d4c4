import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { cleanUp, defer, open } from "../../test/sockets.ts";
import {
  answersIn,
  echo,
  get,
  hear,
  last,
  post,
  serve,
  watchStock,
} from "../../test/transports/direct.ts";
import { createLog, logKey } from "../log.ts";
import { Scope } from "../scope.ts";

afterEach(cleanUp);

/** What node:http has seen. */
let stock: (string | undefined)[];
beforeEach(() => void (stock = watchStock()));

test("where the parser is another one than is known, node:http answers, and one line says so", async () => {
  const Parser = await parserClass();
  for (const [name, value] of [
    ["kOnBody", 77],
    ["kOnBody", Parser["kOnMessageComplete"]],
    ["kOnHeadersComplete", Parser["kOnMessageComplete"]],
    ["kOnMessageComplete", undefined],
  ] as const) {
    const known = Parser[name];
    Parser[name] = value;
    try {
      const { lines, port } = await serveAndLog();
      // At the start, not with the first client.
      expect(lines).toHaveLength(1);
      for (let round = 0; round < 2; round++)
        expect(answersIn(await hear(port, post("/1", "hi") + get("/2", last)))).toHaveLength(2);
      expect(stock.splice(0)).toEqual(["/1", "/2", "/1", "/2"]);
      expect(lines.map((line) => JSON.parse(line))).toMatchObject([
        { level: 40, code: "NX_PARSER", msg: expect.stringContaining("node:http answers alone") },
      ]);
    } finally {
      Parser[name] = known;
    }
  }
});

test("where a connection shows no parser, node:http answers, and one line says so", async () => {
  const { lines, port } = await serveAndLog();
  Object.defineProperty(Socket.prototype, "parser", { configurable: true, set() {} });
  defer(() => Reflect.deleteProperty(Socket.prototype, "parser"));
  for (let round = 0; round < 2; round++)
    expect(answersIn(await hear(port, get("/1") + get("/2", last)))).toHaveLength(2);
  expect(stock).toEqual(["/1", "/2", "/1", "/2"]);
  expect(lines.map((line) => JSON.parse(line).code)).toEqual(["NX_PARSER"]);
});

async function serveAndLog() {
  const lines: string[] = [];
  const log = createLog({ destination: { write: (line) => lines.push(line) } });
  const scope = new Scope("app", "test");
  scope.provide(logKey, log);
  return { lines, ...(await scope.run(() => serve(echo))) };
}

/** The class of the parsers that node:http uses, which can be had only from one of them. */
async function parserClass(): Promise<Record<string, unknown>> {
  const server = createServer().listen(0, "127.0.0.1");
  defer(() => server.close());
  await once(server, "listening");
  const connected = once(server, "connection");
  await open((server.address() as AddressInfo).port);
  const [socket] = (await connected) as [Socket & { readonly parser: object }];
  return socket.parser.constructor as unknown as Record<string, unknown>;
}
