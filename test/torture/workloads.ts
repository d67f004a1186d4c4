import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "nexus-platform/exceptions";
import { type Reply, Wire } from "./wire.ts";

/** A request, and the answer that is right. */
interface Workload {
  readonly request: string;
  readonly status: number;
  readonly body: string;
}

/** So many faults say enough. */
const told = 1000;

/** Connections that ask for what most APIs do most of the time, each as fast as it is answered. */
export class Workloads {
  readonly #port: number;
  readonly #connections: number;
  #loops: Promise<void>[] = [];
  #isResting = true;
  requests = 0;
  readonly failed: string[] = [];

  constructor(port: number, connections: number) {
    this.#port = port;
    this.#connections = connections;
  }

  async go(): Promise<void> {
    const workloads = await workloadsOf(this.#port);
    this.#isResting = false;
    this.#loops = Array.from({ length: this.#connections }, (_, at) => this.#loop(workloads, at));
  }

  /** Resolves when all have their answers, and the connections are closed. */
  async rest(): Promise<void> {
    this.#isResting = true;
    await Promise.all(this.#loops.splice(0));
  }

  async #loop(workloads: readonly Workload[], first: number): Promise<void> {
    while (!this.#isResting) {
      using wire = new Wire(this.#port);
      for (let n = first; !this.#isResting && wire.isOpen; n++) {
        const workload = workloads[n % workloads.length]!;
        this.requests++;
        const fault = await wire.ask(workload.request).then(
          (reply) => faultOf(reply, workload),
          (error) => messageOf(error),
        );
        if (fault !== undefined && this.failed.length < told)
          this.failed.push(`${workload.request.split("\r\n")[0]}: ${fault}`);
      }
      // Whoever refuses all connections is asked a few times a second.
      if (!wire.isOpen) await sleep(100);
    }
  }
}

function faultOf({ status, body }: Reply, wanted: Workload): string | undefined {
  if (status === wanted.status && body === wanted.body) return undefined;
  return `${status} ${body.slice(0, 200)} in the place of ${wanted.status} ${wanted.body.slice(0, 200)}`;
}

/** What the plugin of this name has to answer. */
async function workloadsOf(port: number): Promise<readonly Workload[]> {
  const answer = await fetch(`http://127.0.0.1:${port}/workloads/token`);
  const { token } = (await answer.json()) as { token: string };
  const added = { username: "john_doe", email: "john@example.com", active: true };
  const body = JSON.stringify({ ...added, password: "correct horse" });
  const json = `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n`;
  const active = Array.from({ length: 100 }, (_, at) => user(at)).filter((one) => one.active);
  return [
    { request: request("GET /hello"), status: 200, body: JSON.stringify({ message: "Hello" }) },
    {
      request: request("GET /users?page=2&per_page=20&active=true"),
      status: 200,
      body: JSON.stringify(active.slice(20, 40)),
    },
    {
      request: request("POST /users", json, body),
      status: 201,
      body: JSON.stringify({ id: 1001, ...added }),
    },
    {
      request: request("GET /users/42", `Authorization: Bearer ${token}\r\n`),
      status: 200,
      body: JSON.stringify(user(41)),
    },
  ];
}

function request(line: string, headers = "", body = ""): string {
  const target = line.replace(" /", " /workloads/");
  return `${target} HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n${body}`;
}

const user = (at: number) => ({
  id: at + 1,
  username: `user_${at + 1}`,
  email: `user${at + 1}@example.com`,
  active: at % 4 > 0,
});
