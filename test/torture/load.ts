import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "nexus-platform/exceptions";
import { Connection } from "./connection.ts";

/** Asks once, and looks at the answer. @throws what is wrong with it */
export type Asker = (connection: Connection, n: number) => Promise<void>;

export interface Kind {
  readonly name: string;
  readonly connections: number;
  /** Milliseconds between an answer and the next request. */
  readonly pause: number;
  readonly ask: Asker;
}

/** An answer that is of two versions, or of the wrong one. */
export class Mixed extends Error {}

/** Milliseconds that answers took to be whole, sorted. */
export type Times = Readonly<Record<"swaps" | "calm", readonly number[]>>;

/** Connections that ask all the time, until they are told to rest. */
export class Load {
  readonly #port: number;
  readonly #kinds: readonly Kind[];
  readonly #times = new Map<string, { swaps: number[]; calm: number[] }>();
  #loops: Promise<void>[] = [];
  #isResting = true;
  /** What happens meanwhile: an answer counts where all of it came in one slice. */
  #slice: { readonly of: "swaps" | "calm" } | undefined;
  requests = 0;
  readonly failed: string[] = [];
  readonly mixed: string[] = [];

  constructor(port: number, kinds: readonly Kind[]) {
    this.#port = port;
    this.#kinds = kinds;
  }

  /** From now on answers count as those of a slice. */
  begin(of: "swaps" | "calm" | undefined): void {
    this.#slice = of && { of };
  }

  go(): void {
    this.#isResting = false;
    this.#loops = this.#kinds.flatMap((kind) =>
      Array.from({ length: kind.connections }, () => this.#loop(kind)),
    );
  }

  /** Resolves when all have their answers, and the connections are closed. */
  async rest(): Promise<void> {
    this.#isResting = true;
    await Promise.all(this.#loops.splice(0));
  }

  timesOf(kind: string): Times {
    const { swaps = [], calm = [] } = this.#times.get(kind) ?? {};
    return { swaps: sorted(swaps), calm: sorted(calm) };
  }

  async #loop({ name, pause, ask }: Kind): Promise<void> {
    using connection = new Connection(this.#port);
    const times = this.#times.get(name) ?? { swaps: [], calm: [] };
    this.#times.set(name, times);
    while (!this.#isResting) {
      const slice = this.#slice;
      const since = performance.now();
      try {
        await ask(connection, ++this.requests);
        if (slice && slice === this.#slice) times[slice.of].push(performance.now() - since);
      } catch (error) {
        const { failed, mixed } = this;
        (error instanceof Mixed ? mixed : failed).push(`${name}: ${messageOf(error)}`);
      }
      await sleep(pause);
    }
    if (connection.opened > 1)
      this.failed.push(`${name}: its connection was lost ${connection.opened - 1} times`);
  }
}

const sorted = (times: readonly number[]) => times.toSorted((a, b) => a - b);
