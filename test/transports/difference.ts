import { connect } from "node:net";
import { mutate } from "./mutations.ts";

export interface Difference {
  readonly seed: number;
  readonly number: number;
  readonly bytes: string;
  readonly outcomes: readonly string[];
}

export interface Comparison {
  readonly differences: readonly Difference[];
  /** How often which statuses were answered. */
  readonly statuses: ReadonlyMap<string, number>;
}

export interface Trial {
  /** Of the servers that are compared. */
  readonly ports: readonly number[];
  readonly seed: number;
  readonly count: number;
  /** The first mutation's number. */
  readonly from?: number;
}

/** Sends changed requests to several servers, and looks whether all do the same, and come to an end. */
export async function compare({ ports, seed, count, from = 0 }: Trial): Promise<Comparison> {
  const differences: Difference[] = [];
  const statuses = new Map<string, number>();
  let next = from;
  const work = async (): Promise<void> => {
    while (next < from + count) {
      const number = next++;
      const bytes = mutate(seed, number);
      const outcomes = await Promise.all(
        ports.map((port) => outcomeOf(port, piecesOf(bytes, number))),
      );
      const [first] = outcomes;
      if (outcomes.some((one) => one !== first || one.endsWith(endless)))
        differences.push({ seed, number, bytes, outcomes });
      const key = [...first!.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, code]) => code).join();
      statuses.set(key, (statuses.get(key) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: 8 }, work));
  return { differences, statuses };
}

/** All in one, or in two of the same length. */
function piecesOf(bytes: string, number: number): readonly string[] {
  const half = number % 2 ? bytes.length >> 1 : bytes.length;
  return [bytes.slice(0, half), bytes.slice(half)].filter(Boolean);
}

/** All that a server says to some bytes, behind which the client closes its side. */
function outcomeOf(port: number, [first = "", second]: readonly string[]): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  let text = "";
  // Ticks of a clock, not a time: this process may have been held up itself.
  let ticks = 0;
  const clock = setInterval(() => {
    if (++ticks < 20) return;
    text += endless;
    socket.destroy();
  }, 500);
  socket.setEncoding("latin1");
  socket.on("data", (piece: string) => (text += piece));
  socket.on("error", () => {});
  socket.on("close", () => {
    clearInterval(clock);
    resolve(withoutMoment(text));
  });
  if (second === undefined) socket.end(first, "latin1");
  else {
    socket.write(first, "latin1");
    setTimeout(() => socket.end(second, "latin1"), 3);
  }
  return promise;
}

const endless = "(It does not end.)";

/** Leaves out what differs from answer to answer: ids, dates, and the order of fields. */
function withoutMoment(text: string): string {
  return text
    .replaceAll(/\b[\da-f]{32}\b/g, "(an id)")
    .replaceAll(/HTTP\/1\.1 \d{3} [^]*?\r\n\r\n/g, (head) => {
      const [line, ...fields] = head.trimEnd().split("\r\n");
      const names = fields.map((field) => field.replace(/^[^:]+/, (name) => name.toLowerCase()));
      const kept = names.filter((field) => !field.startsWith("date:"));
      return `${[line, ...kept.toSorted()].join("\r\n")}\r\n\r\n`;
    });
}
