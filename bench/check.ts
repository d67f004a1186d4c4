import { signToken } from "./peers/domain.ts";
import type { Server } from "./process.ts";
import { reference } from "./ratios.ts";
import { type Workload, workloads } from "./workloads.ts";

type Question = Omit<Workload, "title">;

interface Answer {
  readonly status: number;
  /** Of a success: what a peer says of a mistake is its own affair. */
  readonly body: unknown;
}

const [, , create, one] = workloads;

const wrong: readonly Question[] = [
  ask("no such path", "/my-plugin/nothing"),
  ask("page 0", "/my-plugin/users?page=0"),
  ask("page that is no number", "/my-plugin/users?page=two"),
  ask("too many a page", "/my-plugin/users?per_page=101"),
  ask("active that is no boolean", "/my-plugin/users?active=perhaps"),
  post("no JSON", '{"username":'),
  post("no password", { password: undefined }),
  post("short password", { password: "short" }),
  post("bad username", { username: "john doe" }),
  post("bad email", { email: "john" }),
  // Not [1]: Fastify makes texts of numbers.
  post("tags that are no texts", { tags: [{}] }),
  { ...one!, name: "no token", headers: {} },
  { ...one!, name: "old token", headers: { authorization: `Bearer ${signToken(1_700_000_900)}` } },
  {
    ...one!,
    name: "forged token",
    headers: { authorization: `${one!.headers["authorization"]}x` },
  },
  { ...one!, name: "no such user", path: "/my-plugin/users/5000" },
  { ...one!, name: "id that is no number", path: "/my-plugin/users/many" },
];
const right: readonly Question[] = [
  ...workloads,
  ask("defaults", "/my-plugin/users"),
  ask("inactive", "/my-plugin/users?active=false&per_page=3&page=5"),
  post("only what is needed", { full_name: undefined, tags: undefined }),
  post("null", { full_name: null }),
  { ...one!, name: "another user", path: "/my-plugin/users/7" },
];

/**
 * Whether all servers do the same work: they must answer as the reference does.
 * @returns what differs
 */
export async function check(servers: readonly Server[]): Promise<string[]> {
  const model = servers.find(({ peer }) => peer.name === reference)!;
  const faults: string[] = [];
  for (const question of [...right, ...wrong]) {
    const wanted = JSON.stringify(await answer(model, question));
    for (const server of servers) {
      const given = JSON.stringify(await answer(server, question));
      if (given === wanted) continue;
      faults.push(`${server.peer.name}, ${question.name}: ${given}, and not ${wanted}`);
    }
  }
  return faults;
}

async function answer({ url }: Server, question: Question): Promise<Answer> {
  const { method, path, headers, body } = question;
  const response = await fetch(url + path, {
    method,
    headers,
    ...(body !== undefined && { body }),
  });
  const text = await response.text();
  if (!response.ok) return { status: kindOf(response.status), body: undefined };
  return { status: response.status, body: canonical(JSON.parse(text)) };
}

/** What does not fit a schema is a 400 in some frameworks, and a 422 in others. */
function kindOf(status: number): number {
  return status === 422 ? 400 : status;
}

/** Without the order of members, and what is another value each time. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).map(([name, member]): [string, unknown] => [
    name,
    isFresh(name, member) ? typeof member : canonical(member),
  ]);
  return Object.fromEntries(members.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function isFresh(name: string, value: unknown): boolean {
  if (name === "user_id") return Number(value) > 1000;
  return name.endsWith("_at");
}

function ask(name: string, path: string): Question {
  return { name, method: "GET", path, headers: {} };
}

function post(name: string, change: string | object): Question {
  const body =
    typeof change === "string"
      ? change
      : JSON.stringify({ ...(JSON.parse(create!.body!) as object), ...change });
  return { ...create!, name, body };
}
