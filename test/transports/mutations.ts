import { createRandom } from "../torture/random.ts";
import { request } from "./requests.ts";

/** Valid requests with some bytes changed: by which ones, seed and number say. */

const json = ["Content-Type: application/json", "Accept: */*", "User-Agent: a/1.0 (b; c)"];
const user = '{"n":1,"text":"gr\xc3\xbcn"}';
const originals: readonly string[] = [
  request("/now?n=1"),
  request("/now?n=1&x=%20y", { fields: ["Accept: */*", "X-Request-ID: mine", "Cookie: a=b; c=d"] }),
  request("/now", { method: "HEAD" }),
  request("/now", { version: "1.0", fields: ["Connection: keep-alive"] }),
  request("/now", { fields: Array.from({ length: 36 }, (_, at) => `X-${at}: ${at}`) }),
  request("/raw", { body: "hello, how are you?" }),
  request("/echo", { fields: json, body: user }),
  request("/unread?n=1", { body: "unread" }),
  request("/small", { fields: json, body: `"${"x".repeat(30)}"` }),
  request("/raw", { fields: ["Expect: 100-continue"], body: "hello" }),
  request("/raw", { chunks: ["hello, ", "how are", " you?"] }),
  request("/echo", { fields: json, chunks: [user.slice(0, 7), user.slice(7)] }),
  request("/raw", { method: "POST", fields: ["Transfer-Encoding: chunked"] }) +
    '5;a=b;c="d"\r\nhello\r\n0\r\nT: v\r\n\r\n',
  request("/now?n=1") + request("/now?n=2"),
  request("/raw", { body: "hello" }) + request("/now?n=2"),
  request("/raw", { chunks: ["hello"] }) + request("/raw", { body: "again" }),
  request("/now") + request("/raw", { chunks: ["hello"] }) + request("/missing"),
];

/** What stands in front of some of them, as it is: answers that take time, or come in pieces. */
const before: readonly string[] = [
  request("/later?ms=10"),
  request("/stream?n=3"),
  request("/file"),
  request("/later?ms=5") + request("/now"),
  request("/raw", { body: "hello" }) + request("/later?ms=5"),
  request("/later?ms=5") + request("/raw", { chunks: ["hello"] }) + request("/stream"),
];

/** Whole lines that say something of the connection, of the framing or of the request. */
const lines: readonly string[] = [
  "",
  " folded",
  "X: y",
  "X : y",
  "Host: b",
  "Host:",
  "Content-Length: 0",
  "Content-Length: 5",
  "Content-Length: 05",
  "Content-Length: 500",
  "Transfer-Encoding: chunked",
  "Transfer-Encoding: identity",
  "Transfer-Encoding: gzip, chunked",
  "Connection: close",
  "Connection: keep-alive",
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Expect: 100-continue",
  "Expect: miracle",
  "Trailer: T",
  "TE: trailers",
  "Keep-Alive: timeout=1",
  "If-None-Match: *",
  "Range: bytes=0-1",
  "Accept-Encoding: gzip",
  "Content-Encoding: gzip",
  "Content-Type: text/plain",
  "GET /now?n=3 HTTP/1.1",
  "0",
  "5",
];
const odd = '\r\n\0\t :;,=/?%#"\\09afAZ\x7f\x80\xff';

/** The same seed and number give the same bytes. */
export function mutate(seed: number, number: number): string {
  const random = createRandom(seed + Math.imul(number + 1, 0x9e3779b1));
  const below = (limit: number): number => Math.floor(random() * limit);
  const one = <T>(list: ArrayLike<T>): T => list[below(list.length)]!;
  const change = (text: string): string => {
    const at = below(text.length);
    const replaced = (length: number, by: string): string =>
      text.slice(0, at) + by + text.slice(at + length);
    const boundaries = [...text.matchAll(/\r\n/g)].map(({ index }) => index + 2);
    const start = boundaries.length ? one(boundaries) : 0;
    const end = text.indexOf("\r\n", start) + 2 || text.length;
    const line = text.slice(start, end);
    switch (below(10)) {
      case 0:
        return replaced(1, String.fromCharCode(text.charCodeAt(at) ^ (1 << below(8))));
      case 1:
        return replaced(1, one(odd));
      case 2:
        return replaced(0, one(odd));
      case 3:
        return replaced(0, String.fromCharCode(below(256)));
      case 4:
        return replaced(1 + below(4), "");
      case 5:
        return replaced(0, text.slice(at, at + 1 + below(20)));
      case 6:
        return text.slice(0, start) + text.slice(end);
      case 7:
        return text.slice(0, start) + line + text.slice(start);
      case 8:
        return text.slice(0, at);
      default:
        return `${text.slice(0, start)}${one(lines)}\r\n${text.slice(start)}`;
    }
  };
  let text = one(originals);
  // Most of the time one change is enough to be refused.
  const changes = random() < 0.7 ? 1 : 2 + below(3);
  for (let done = 0; done < changes && text; done++) text = change(text);
  return random() < 0.4 ? one(before) + text : text;
}
