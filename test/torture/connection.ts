import { Agent, type IncomingHttpHeaders, request } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Whole, else asking has failed. */
  readonly body: string;
}

export interface Asked {
  readonly method?: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  /** In pieces, with a pause behind each. */
  readonly body?: readonly Buffer[];
}

/** Milliseconds without a sign of life. */
const patience = 60_000;

/** One connection, which is kept for all that is asked on it. */
export class Connection implements Disposable {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #port: number;
  /** How often it had to be made. */
  opened = 0;

  constructor(port: number) {
    this.#port = port;
  }

  /** @throws when the answer does not come, or breaks off */
  async ask(
    path: string,
    { method = "GET", headers = {}, body = [] }: Asked = {},
  ): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const about = { port: this.#port, host: "127.0.0.1", path, method, agent: this.#agent };
    const asking = request({ ...about, headers }, (incoming) => {
      text(incoming).then(
        (body) => resolve({ status: incoming.statusCode!, headers: incoming.headers, body }),
        reject,
      );
    });
    asking.on("error", reject);
    asking.setTimeout(patience, () => asking.destroy(new Error("There is no answer")));
    // Told below, when all is sent.
    promise.catch(() => {});
    asking.on("socket", () => {
      if (!asking.reusedSocket) this.opened++;
    });
    for (const piece of body) {
      asking.write(piece);
      await sleep(10);
    }
    asking.end();
    return promise;
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}

/** A form with one file, in so many pieces. */
export function formOf(data: Buffer, pieces: number): Asked {
  const mark = "------torture";
  const head = `--${mark}\r\nContent-Disposition: form-data; name="data"; filename="data"\r\n\r\n`;
  const whole = Buffer.concat([Buffer.from(head), data, Buffer.from(`\r\n--${mark}--\r\n`)]);
  const size = Math.ceil(whole.length / pieces);
  const body = Array.from({ length: pieces }, (_, at) =>
    whole.subarray(at * size, (at + 1) * size),
  );
  const type = `multipart/form-data; boundary=${mark}`;
  return {
    method: "POST",
    headers: { "Content-Type": type, "Content-Length": String(whole.length) },
    body,
  };
}
