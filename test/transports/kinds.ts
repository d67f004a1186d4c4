import { readFileSync } from "node:fs";
import { file } from "./app.ts";
import { close, request } from "./requests.ts";

/** A request whose answer comes about in a way of its own. */
export interface Kind {
  readonly name: string;
  readonly method?: string;
  /** As bytes; the number tells it from its neighbours. */
  readonly bytes: (n: number) => string;
  readonly status: number;
  /** Of problems only the status is looked at. */
  readonly body?: (n: number) => string;
  /** A `100 Continue` comes before the answer. */
  readonly isContinued?: boolean;
}

const json = ["Content-Type: application/json"];
const idOf = (n: number): string => `X-Request-ID: r${n}`;

function kind(
  name: string,
  target: string,
  status: number,
  body?: Kind["body"],
  parts: Parameters<typeof request>[1] = {},
): Kind {
  const bytes = (n: number): string => {
    const fields = [idOf(n), ...(parts.fields ?? [])];
    return request(target.replace("#", String(n)), { ...parts, fields });
  };
  return {
    name,
    bytes,
    status,
    ...(body && { body }),
    ...(parts.method !== undefined && { method: parts.method }),
  };
}

/** After these the connection stays. */
export const staying: readonly Kind[] = [
  kind("sync", "/now?n=#", 200, (n) => `{"now":${n}}`),
  kind("async", "/later?n=#", 200, (n) => `{"later":${n}}`),
  kind("slow", "/later?n=#&ms=3", 200, (n) => `{"later":${n}}`),
  kind("stream", "/stream?n=#", 200, (n) => `stream ${n} ends`),
  kind("file", "/file", 200, () => readFileSync(file, "utf8")),
  kind("HEAD", "/now?n=#", 200, () => "", { method: "HEAD" }),
  kind("HEAD of a stream", "/stream?n=#", 200, () => "", { method: "HEAD" }),
  kind("nothing", "/bare/204", 204, () => ""),
  kind("missing", "/missing", 404),
  kind("fault", "/fault", 500),
  kind("body", "/raw", 200, () => "hello", { body: "hello" }),
  kind("chunks", "/raw", 200, () => "hello", { chunks: ["hel", "lo"] }),
  {
    ...kind("JSON", "/echo", 200),
    bytes: (n) => request("/echo", { fields: [idOf(n), ...json], body: `{"n":${n},"text":""}` }),
    body: (n) => `{"n":${n},"text":""}`,
  },
  kind("invalid", "/echo", 422, undefined, { fields: json, body: "{}" }),
  kind("too large", "/small", 413, undefined, { fields: json, body: `"${"x".repeat(100)}"` }),
  kind("too large, in chunks", "/small", 413, undefined, {
    fields: json,
    chunks: ['"', "x".repeat(100), '"'],
  }),
  kind("unread", "/unread?n=#", 200, (n) => `{"unread":${n}}`, { body: "unread" }),
  kind("not its method", "/now", 405, undefined, { body: "unread" }),
  {
    ...kind("expecting", "/raw", 200, () => "hello", {
      fields: ["Expect: 100-continue"],
      body: "hello",
    }),
    isContinued: true,
  },
  kind("HTTP/1.0, staying", "/now?n=#", 200, (n) => `{"now":${n}}`, {
    version: "1.0",
    fields: ["Connection: keep-alive"],
  }),
];

/** One for each way in which a server can come to an answer. */
export const ways: readonly Kind[] = staying.filter(({ name }) =>
  [
    "sync",
    "async",
    "stream",
    "file",
    "HEAD",
    "fault",
    "body",
    "chunks",
    "too large",
    "unread",
    "expecting",
    "HTTP/1.0, staying",
  ].includes(name),
);

/** With these it ends. */
export const ending: readonly Kind[] = [
  kind("close", "/now?n=#", 200, (n) => `{"now":${n}}`, { fields: [close] }),
  kind("close later", "/later?n=#&ms=3", 200, (n) => `{"later":${n}}`, { fields: [close] }),
  kind("close with a stream", "/stream?n=#", 200, (n) => `stream ${n} ends`, { fields: [close] }),
  kind("close with a body", "/raw", 200, () => "hello", { fields: [close], body: "hello" }),
  kind("HTTP/1.0", "/now?n=#", 200, (n) => `{"now":${n}}`, { version: "1.0" }),
  kind("HTTP/1.0, later", "/later?n=#", 200, (n) => `{"later":${n}}`, { version: "1.0" }),
  kind("HTTP/1.0 with a stream", "/stream?n=#", 200, (n) => `stream ${n} ends`, { version: "1.0" }),
  kind("expecting in vain", "/unread?n=#", 200, (n) => `{"unread":${n}}`, {
    fields: ["Expect: 100-continue"],
    body: "unread",
  }),
  kind("unknown expectation", "/now", 417, undefined, { fields: ["Expect: miracle"] }),
  kind("second host", "/now", 400, undefined, { fields: ["Host: b"] }),
  { name: "no host", bytes: () => "GET /now HTTP/1.1\r\n\r\n", status: 400 },
  { name: "no head", bytes: () => "garbage\r\n\r\n", status: 400 },
  kind("two lengths", "/raw", 400, undefined, { fields: ["Content-Length: 1"], body: "hello" }),
];
