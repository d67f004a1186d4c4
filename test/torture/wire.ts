import { connect, type Socket } from "node:net";
import { messageOf } from "nexus-platform/exceptions";

export interface Reply {
  readonly status: number;
  /** Its bytes, each a character. */
  readonly body: string;
}

/** Milliseconds without a sign of life. */
const patience = 60_000;

/** A connection that costs its process little: it sends bytes that are there already, and one request at a time. */
export class Wire implements Disposable {
  readonly #socket: Socket;
  #received = "";
  #asked: PromiseWithResolvers<Reply> | undefined;
  #fault: Error | undefined;

  constructor(port: number) {
    this.#socket = connect({ port, host: "127.0.0.1", noDelay: true });
    this.#socket.setEncoding("latin1").setTimeout(patience);
    this.#socket.on("data", (text: string) => this.#receive(text));
    this.#socket.on("timeout", () => this.#fail(new Error("There is no answer")));
    this.#socket.on("error", (error) => this.#fail(error));
    this.#socket.on("close", () => this.#fail(new Error("The connection was closed")));
  }

  get isOpen(): boolean {
    return !this.#fault;
  }

  /** @throws when the answer does not come, or is none */
  ask(request: string): Promise<Reply> {
    this.#asked = Promise.withResolvers<Reply>();
    if (this.#fault) this.#asked.reject(this.#fault);
    else this.#socket.write(request, "latin1");
    return this.#asked.promise;
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #receive(text: string): void {
    this.#received += text;
    try {
      const reply = replyOf(this.#received);
      if (!reply) return;
      this.#received = "";
      this.#asked?.resolve(reply);
    } catch (error) {
      this.#fail(new Error(messageOf(error)));
    }
  }

  #fail(error: Error): void {
    this.#fault ??= error;
    this.#socket.destroy();
    this.#asked?.reject(this.#fault);
  }
}

/** @returns none before all of it is there. @throws for what is no answer with a length, or is more than one */
export function replyOf(text: string): Reply | undefined {
  const end = text.indexOf("\r\n\r\n");
  if (end === -1) return undefined;
  const head = text.slice(0, end);
  const [, status] = /^HTTP\/1\.1 (\d{3})/.exec(head) ?? [];
  const [, length] = /\r\ncontent-length: *(\d+)/i.exec(head) ?? [];
  if (!status || !length) throw new Error(`That is no answer with a length: ${head}`);
  const missing = end + 4 + Number(length) - text.length;
  if (missing < 0) throw new Error(`More than was asked for: ${text}`);
  return missing > 0 ? undefined : { status: Number(status), body: text.slice(end + 4) };
}
