import { createHash } from "node:crypto";
import { type Answer, type Asked, type Connection, formOf } from "./connection.ts";
import { type Asker, type Kind, Mixed } from "./load.ts";

/** Nobody answers: 404. */
export const gone = "gone";

/** Which versions may answer: one, or while it is changed two. */
export class Standing {
  #now: ReadonlySet<string>;
  readonly #open = new Set<Set<string>>();

  constructor(version: string) {
    this.#now = new Set([version]);
  }

  /** The one that answers; of two the one that was there first. */
  get version(): string {
    return [...this.#now][0]!;
  }

  /** It is about to be changed: who asks may get the one or the other. */
  change(to: string): void {
    this.#allow(new Set([...this.#now, to]));
  }

  /** It was changed: who asks from now on gets this one. */
  settle(on: string): void {
    this.#allow(new Set([on]));
  }

  /** @returns what may answer a request, until it is answered */
  begin(): { readonly allowed: ReadonlySet<string>; readonly end: () => void } {
    const allowed = new Set(this.#now);
    this.#open.add(allowed);
    return { allowed, end: () => this.#open.delete(allowed) };
  }

  #allow(now: ReadonlySet<string>): void {
    this.#now = now;
    for (const allowed of this.#open) for (const version of now) allowed.add(version);
  }
}

export interface ChangingLoad {
  readonly kinds: readonly Kind[];
  /** Answers that were begun by one version and ended when another one, or none, was in force. */
  readonly outlived: () => number;
}

/** What is asked of the plugin that is changed, and of the one that needs it. */
export function changingLoad(changing: Standing, leaning: Standing): ChangingLoad {
  let outlived = 0;
  const ask =
    (of: Standing, path: string, about: (n: number) => Asked, read: Read): Asker =>
    async (connection: Connection, n: number) => {
      const { allowed, end } = of.begin();
      try {
        const answer = await connection.ask(path, about(n));
        const version = judge(answer, allowed, read, n);
        if (version !== gone && version !== of.version) outlived++;
      } finally {
        end();
      }
    };
  const kinds: Kind[] = [
    { name: "whole", connections: 4, pause: 20, ask: ask(changing, "/changing/whole", get, parts) },
    { name: "slow", connections: 4, pause: 1, ask: ask(changing, "/changing/slow", get, lines) },
    {
      name: "own tasks",
      connections: 1,
      pause: 30,
      ask: ask(changing, "/changing/tasks", post, parts),
    },
    {
      name: "own uploads",
      connections: 2,
      pause: 20,
      ask: ask(changing, "/changing/files", (n) => formOf(dataOf(n), 6), saved),
    },
    { name: "leaning", connections: 3, pause: 20, ask: ask(leaning, "/leaning/whole", get, parts) },
  ];
  return { kinds, outlived: () => outlived };
}

const get = (): Asked => ({});
const post = (): Asked => ({ method: "POST" });

/** @returns the versions that an answer names */
type Read = (body: string, n: number) => readonly string[];

/** @returns which version has answered. @throws unless it is one, whole, and one that may */
function judge(answer: Answer, allowed: ReadonlySet<string>, read: Read, n: number): string {
  const { status, headers, body } = answer;
  const expected = [...allowed].join(" or ");
  if (status === 404) {
    if (allowed.has(gone)) return gone;
    throw new Error(`404 in the place of ${expected}`);
  }
  if (status !== 200) throw new Error(`${status} ${body.slice(0, 200)}`);
  const versions = new Set([headers["x-version"] as string, ...read(body, n)]);
  const [version] = versions;
  if (versions.size > 1) throw new Mixed(`${[...versions].join(" and ")} in one answer`);
  if (allowed.has(version!)) return version!;
  throw new Mixed(`${version} answered in the place of ${expected}`);
}

const parts: Read = (body) => (JSON.parse(body) as { versions: string[] }).versions;

const lines: Read = (body) => {
  const all = body.trimEnd().split("\n");
  if (all.length !== 11 || all.pop() !== "whole") throw new Error(`It broke off: ${body}`);
  return all.flatMap((line) => line.split(" "));
};

const dataOf = (n: number): Buffer => Buffer.alloc(20_000, `${n} `);

const saved: Read = (body, n) => {
  const { sha256, versions } = JSON.parse(body) as { sha256: string; versions: string[] };
  const wanted = createHash("sha256").update(dataOf(n)).digest("hex");
  if (sha256 !== wanted) throw new Error(`Another file has arrived: ${sha256}`);
  return versions;
};
