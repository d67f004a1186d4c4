import { EventEmitter } from "node:events";
import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";

/**
 * What is used of node:http though no documentation has it: its parser tells what it finds by calling
 * functions that stand in numbered slots of it.
 */
export interface Parser extends Record<number, unknown> {
  readonly constructor: unknown;
  /** What has come so far of a head that comes in parts, and of trailers. */
  _headers: string[];
  _url: string;
}

/** A head that came in parts has gone to the parser's own lists, as far as that. */
export type OnHead = (
  major: number,
  minor: number,
  headers: string[] | undefined,
  method: number,
  target: string | undefined,
  status: undefined,
  phrase: undefined,
  isUpgrade: boolean,
  keeps: boolean,
) => number;
export type OnBody = (chunk: Uint8Array) => void;
export type OnEnd = () => void;

/** A socket that node:http serves. */
export interface ServedSocket extends Socket {
  readonly parser?: Parser | null;
  /** Whose turn it is to write. */
  _httpMessage?: unknown;
}

/** Which slots there are, and which number stands for which method. */
export interface ParserPlan {
  readonly head: number;
  readonly body: number;
  readonly end: number;
  readonly methods: readonly (string | undefined)[];
  readonly connect: number;
}

/** Those that are taken from the parser; the others are rare. */
const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/**
 * Looks how the parser of this Node works, by a conversation with one of its kind.
 * @returns nothing where that is not as expected
 */
export function samplePlan(): ParserPlan | undefined {
  const stream = new Duplex({ read() {}, write: (_, __, done) => done() });
  try {
    // A parser can be had only of a connection; this one is nobody's.
    EventEmitter.prototype.emit.call(createServer(), "connection", stream);
    const { parser } = stream as unknown as ServedSocket;
    return parser && isAssignable() ? tryOut(parser) : undefined;
  } catch {
    return undefined;
  } finally {
    stream.destroy();
  }
}

interface ParserClass {
  new (): Parser & {
    initialize(kind: number, resource: object, maxHeaderSize: number, leniency: number): void;
    execute(bytes: Uint8Array): unknown;
    close(): void;
  };
  readonly REQUEST: number;
  readonly kOnHeadersComplete: number;
  readonly kOnBody: number;
  readonly kOnMessageComplete: number;
}

function tryOut(served: Parser): ParserPlan | undefined {
  const Parser = served.constructor as ParserClass;
  const { kOnHeadersComplete: head, kOnBody: body, kOnMessageComplete: end } = Parser;
  if (![head, body, end].every((slot) => typeof served[slot] === "function")) return undefined;
  if (!Array.isArray(served._headers) || served._url !== "") return undefined;
  const parser = new Parser();
  const told: unknown[][] = [];
  parser.initialize(Parser.REQUEST, {}, 0, 0);
  parser[head] = (...all: unknown[]) => told.push(["head", ...all]) && 0;
  parser[body] = (chunk: Uint8Array) => told.push(["body", String(chunk)]);
  parser[end] = () => told.push(["end"]);
  const sent = methods.map(
    (name) => `${name} /${name}?a HTTP/1.1\r\nHost: b\r\nContent-Length: 2\r\n\r\nhi`,
  );
  parser.execute(Buffer.from(sent.join("")));
  // Nobody need hear of an end.
  parser[end] = undefined;
  parser.execute(Buffer.from("CONNECT c:1 HTTP/1.0\r\nHost: d\r\n\r\n"));
  parser.close();
  const numbers = told.filter(([what]) => what === "head").map((all) => Number(all[4]));
  const connect = numbers.at(-1)!;
  const expected = [
    ...methods.flatMap((name, at) => {
      const fields = ["Host", "b", "Content-Length", "2"];
      const head = ["head", 1, 1, fields, numbers[at], `/${name}?a`, null, null, false, true];
      return [head, ["body", "hi"], ["end"]];
    }),
    ["head", 1, 0, ["Host", "d"], connect, "c:1", null, null, true, false],
  ];
  const isExpected = JSON.stringify(told) === JSON.stringify(expected);
  if (!isExpected || new Set(numbers).size !== methods.length + 1) return undefined;
  const names: string[] = [];
  for (const [at, name] of methods.entries()) names[numbers[at]!] = name;
  return { head, body, end, methods: names, connect };
}

/** Whether a response can be given a socket, and says whether it was the last on it. */
function isAssignable(): boolean {
  const socket = new EventEmitter() as unknown as ServedSocket;
  const response = responseTo("GET");
  response.assignSocket(socket);
  const isAssigned = socket._httpMessage === response;
  response.detachSocket(socket);
  return isAssigned && socket._httpMessage === null && !response._last;
}

/** A response of node:http to a request that it has not seen. */
export function responseTo(method: string, highWaterMark?: number): Response {
  const request = { method, httpVersionMajor: 1, httpVersionMinor: 1, headers: {} };
  return new Response(request, { highWaterMark });
}

interface Response extends ServerResponse {
  /** The connection ends with it. */
  readonly _last: boolean;
  /** Milliseconds that it says an idle connection is kept. */
  _keepAliveTimeout: number;
}

const { createServer, ServerResponse: OwnResponse } = process.getBuiltinModule("node:http");
const Response = OwnResponse as unknown as new (request: object, options: object) => Response;
