export interface Parts {
  readonly method?: string;
  readonly version?: string;
  /** Header lines, each without its end. */
  readonly fields?: readonly string[];
  /** Sent with its length. */
  readonly body?: string;
  /** Sent in chunks instead. */
  readonly chunks?: readonly string[];
}

/** A request as bytes; each character is one. */
export function request(target: string, parts: Parts = {}): string {
  const { version = "1.1", fields = [], body, chunks } = parts;
  const { method = (body ?? chunks) === undefined ? "GET" : "POST" } = parts;
  const lines = [`${method} ${target} HTTP/${version}`, "Host: a", ...fields];
  if (body !== undefined) lines.push(`Content-Length: ${body.length}`);
  if (chunks) lines.push("Transfer-Encoding: chunked");
  return `${lines.join("\r\n")}\r\n\r\n${chunks ? inChunks(chunks) : (body ?? "")}`;
}

/** The last request of a conversation. */
export const close = "Connection: close";

function inChunks(chunks: readonly string[]): string {
  const sized = [...chunks, ""].map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`);
  return sized.join("");
}
