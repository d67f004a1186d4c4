import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { connect as connectSecurely } from "node:tls";
import { defer } from "../sockets.ts";

export interface Answer {
  readonly status: number;
  /** By their names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A client that sends bytes as they are given, and reads the answers to the letter. */
export class Conversation {
  readonly socket: Socket;
  #text = "";
  #isOver = false;
  #change = Promise.withResolvers<void>();

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding("latin1");
    socket.on("data", (text: string) => this.#changed((this.#text += text)));
    socket.on("error", () => {});
    socket.on("close", () => this.#changed((this.#isOver = true)));
  }

  static async open(port: number, isSecure = false): Promise<Conversation> {
    const plain = connect({ port, host: "127.0.0.1", noDelay: true, allowHalfOpen: true });
    const socket = isSecure ? connectSecurely({ socket: plain, rejectUnauthorized: false }) : plain;
    const conversation = new Conversation(socket);
    defer(() => socket.destroy());
    await once(socket, isSecure ? "secureConnect" : "connect");
    socket.once("end", () => socket.end());
    return conversation;
  }

  /** Each character is a byte. */
  send(text: string): this {
    this.socket.write(text, "latin1");
    return this;
  }

  /** The next answer, a `100 Continue` too. @throws where the connection ends before it does */
  async answer(method = "GET"): Promise<Answer> {
    for (;;) {
      const read = readAnswer(this.#text, method, this.#isOver);
      if (read) {
        this.#text = this.#text.slice(read.size);
        return read.answer;
      }
      if (this.#isOver) throw new Error(`It ended within an answer: ${shortened(this.#text)}`);
      await this.#change.promise;
    }
  }

  /** All that is answered until the server ends the connection. */
  async answers(methods: readonly string[] = []): Promise<Answer[]> {
    await this.over();
    const answers: Answer[] = [];
    while (this.#text) answers.push(await this.answer(methods[answers.length]));
    return answers;
  }

  /** When the connection has ended. */
  async over(): Promise<void> {
    while (!this.#isOver) await this.#change.promise;
  }

  /** What has come, and was read by nobody. */
  get rest(): string {
    return this.#text;
  }

  #changed(_: unknown): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }
}

/** Sends bytes, and reads until the server ends the connection. */
export async function converse(port: number, text: string, methods?: readonly string[]) {
  const conversation = await Conversation.open(port);
  return conversation.send(text).answers(methods);
}

function readAnswer(
  text: string,
  method: string,
  isOver: boolean,
): { readonly answer: Answer; readonly size: number } | undefined {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const [line, ...fields] = text.slice(0, end).split("\r\n");
  const [, code] = /^HTTP\/1\.1 (\d{3}) [\x20-\x7e]*$/.exec(line!) ?? refuse(line!);
  const status = Number(code);
  const headers: Record<string, string> = {};
  for (const field of fields) {
    const [, name, value] =
      /^([\w!#$%&'*+.^`|~-]+): ([\t\x20-\x7e\x80-\xff]*)$/.exec(field) ?? refuse(field);
    headers[name!.toLowerCase()] = value!;
  }
  const answer = (size: number, body = "") => ({
    answer: { status, headers, body: Buffer.from(body, "latin1").toString() },
    size,
  });
  const from = end + 4;
  if (method === "HEAD" || status < 200 || status === 204 || status === 304) return answer(from);
  if (headers["transfer-encoding"] === "chunked") {
    const read = readChunks(text, from);
    return read && answer(read.end, read.body);
  }
  const length = headers["content-length"];
  if (length === undefined) return isOver ? answer(text.length, text.slice(from)) : undefined;
  const size = from + Number(length);
  return text.length < size ? undefined : answer(size, text.slice(from, size));
}

function readChunks(text: string, from: number): { body: string; end: number } | undefined {
  let body = "";
  for (let at = from; ;) {
    const line = text.indexOf("\r\n", at);
    if (line < 0) return undefined;
    const size = parseInt(
      /^[0-9a-f]+$/i.exec(text.slice(at, line))?.[0] ?? refuse(text.slice(at)),
      16,
    );
    const end = line + 2 + size;
    if (text.length < end + 2) return undefined;
    if (text.slice(end, end + 2) !== "\r\n") refuse(text.slice(at));
    body += text.slice(line + 2, end);
    at = end + 2;
    if (size === 0) return { body, end: at };
  }
}

function refuse(text: string): never {
  throw new Error(`This is no answer: ${shortened(text)}`);
}

function shortened(text: string): string {
  return `${JSON.stringify(text.slice(0, 300))} (${text.length} bytes)`;
}
