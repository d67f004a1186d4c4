import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export interface FloodOptions {
  readonly port: number;
  /** One request for the server, as its bytes. */
  readonly request: string;
  /** The body of the right answer, which has the status 200. */
  readonly body: string;
  /** Requests a second, however many answers are missing. */
  readonly rate: number;
  readonly connections: number;
  readonly seconds: number;
}

export interface FloodReport {
  readonly sent: number;
  /** Right answers a second, while more was asked. */
  readonly perSecond: number;
  /** Other answers, and requests whose connection was cut. */
  readonly wrong: number;
  /** Seconds until the last answer, from the last request on. */
  readonly behind: number;
}

/** Bytes that wait for a server that does not read: a connection with so many gets no more. */
const full = 65_536;

/**
 * Sends requests at a rate of its own, whether they are answered or not: those of one connection wait in
 * it for each other. Looks at every answer.
 */
export async function flood(options: FloodOptions): Promise<FloodReport> {
  const { port, request, rate, connections, seconds } = options;
  const lines = Array.from({ length: connections }, () => new Line(port, options.body));
  await Promise.all(lines.map((line) => line.open()));
  const start = performance.now();
  let sent = 0;
  for (let turn = 0; ;) {
    const time = (performance.now() - start) / 1000;
    if (time >= seconds) break;
    const due = Math.floor(rate * time) - sent;
    // A few on each, and another one first each time.
    const share = Math.max(Math.ceil(due / connections), 1);
    for (let left = due; left > 0; left -= share) {
      lines[turn++ % connections]!.send(request, Math.min(share, left));
    }
    sent += Math.max(due, 0);
    await sleep(1);
  }
  const end = performance.now();
  const perSecond = (sum(lines, (line) => line.right) * 1000) / (end - start);
  while (lines.some((line) => line.waits) && performance.now() - end < 60_000) await sleep(5);
  const behind = (performance.now() - end) / 1000;
  for (const line of lines) line.close();
  return {
    sent: sum(lines, (line) => line.sent),
    perSecond,
    wrong: sum(lines, (line) => line.sent - line.right),
    behind,
  };
}

/** A connection with requests that wait for their answers. */
class Line {
  sent = 0;
  right = 0;
  wrong = 0;
  readonly #socket: Socket;
  readonly #body: string;
  #received = "";

  constructor(port: number, body: string) {
    this.#body = body;
    this.#socket = connect({ port, host: "127.0.0.1" });
    this.#socket.setEncoding("latin1");
    this.#socket.on("data", (text: string) => this.#receive(text));
    // Its requests stay unanswered.
    this.#socket.on("error", () => this.#socket.destroy());
  }

  get waits(): boolean {
    return !this.#socket.destroyed && this.sent > this.right + this.wrong;
  }

  open(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.once("connect", resolve).once("error", reject);
    });
  }

  send(request: string, times: number): void {
    if (this.#socket.destroyed || this.#socket.writableLength > full) return;
    this.sent += times;
    this.#socket.write(times === 1 ? request : request.repeat(times), "latin1");
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(text: string): void {
    const all = this.#received + text;
    let from = 0;
    for (;;) {
      const end = all.indexOf("\r\n\r\n", from);
      if (end === -1) break;
      const head = all.slice(from, end);
      const [, length] = /\r\ncontent-length: *(\d+)/i.exec(head) ?? [];
      const next = end + 4 + Number(length ?? NaN);
      // What has no length is no answer, and whatever follows is none.
      if (length !== undefined && next > all.length) break;
      if (head.startsWith("HTTP/1.1 200 ") && all.slice(end + 4, next) === this.#body) this.right++;
      else this.wrong++;
      if (length === undefined) {
        this.#socket.destroy();
        return;
      }
      from = next;
    }
    this.#received = all.slice(from);
  }
}

function sum(lines: readonly Line[], of: (line: Line) => number): number {
  return lines.reduce((total, line) => total + of(line), 0);
}
