import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { PluginInfo } from "nexus-platform/lifecycle";
import type { Measure, Order, Outcome } from "./swap-orders.ts";

const root = resolve(import.meta.dirname, "../..");

/** The app that is tortured: three plugins of the author's, and whatever is installed. */
export async function makeApp(): Promise<AsyncDisposable & { readonly folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), "nexus-torture-"));
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  const config = {
    pluginsFolder: join(import.meta.dirname, "plugins"),
    accounts: false,
    docs: false,
    // Whoever asks may be held up by other work of this machine, for longer than the usual 5 seconds.
    server: { keepAliveTimeout: 60 },
  };
  await writeFile(join(folder, "nexus.config.ts"), `export default ${JSON.stringify(config)};\n`);
  return {
    folder,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true, maxRetries: 5 }),
  };
}

/** What was ordered was refused. */
export class Refused extends Error {
  readonly code: string | undefined;

  constructor({ message, code }: { readonly message: string; readonly code?: string | undefined }) {
    super(message);
    this.code = code;
  }
}

/** `nexus start`, which does what it is told. */
export class Tortured {
  readonly child: ChildProcess;
  /** Resolves when the process is gone. */
  readonly gone: Promise<unknown>;
  /** Resolves when it is ready, to its port; to none when it is gone first. */
  readonly ready: Promise<number | undefined>;
  readonly #waiting = new Map<number, (outcome: Outcome) => void>();
  #orders = 0;
  #log = "";

  constructor(folder: string) {
    const main = join(root, "src/cli/main.ts");
    this.child = spawn(process.execPath, ["--conditions=source", main, "start"], {
      cwd: folder,
      env: {
        PATH: process.env["PATH"],
        HOME: process.env["HOME"],
        NEXUS_TRANSPORT: process.env["NEXUS_TRANSPORT"],
        PORT: "0",
        NEXUS_LOG: "warn",
      },
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    this.gone = once(this.child, "close");
    const { promise, resolve } = Promise.withResolvers<number | undefined>();
    this.ready = promise;
    void this.gone.then(() => resolve(undefined));
    let said = "";
    this.child.stdout!.on("data", (text) => {
      said += text;
      const [, port] = /ready at http:\S+:(\d+)/.exec(said) ?? [];
      if (port !== undefined) resolve(Number(port));
    });
    this.child.stderr!.on("data", (text) => (this.#log += text));
    this.child.on("message", ({ id, ...outcome }: Outcome & { id: number }) => {
      this.#waiting.get(id)?.(outcome);
      this.#waiting.delete(id);
    });
  }

  /** Warnings and errors, each with what it says of plugins. */
  get complaints(): string[] {
    return this.#log.split("\n").filter(Boolean);
  }

  /** @throws Refused; never resolves when the process is killed meanwhile */
  async order(method: string, ...args: readonly unknown[]): Promise<unknown> {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    const order: Order = { id: ++this.#orders, method, args };
    this.#waiting.set(order.id, resolve);
    // Whoever kills it does not wait for the answer.
    this.child.send(order, () => {});
    const outcome = await promise;
    if ("refused" in outcome) throw new Refused(outcome.refused);
    return outcome.result;
  }

  async change(method: string, ...args: readonly unknown[]): Promise<PluginInfo> {
    return (await this.order(method, ...args)) as PluginInfo;
  }

  async measure(): Promise<Measure> {
    return (await this.order("measure")) as Measure;
  }

  async stop(): Promise<void> {
    this.child.kill("SIGTERM");
    await this.gone;
  }

  async kill(): Promise<void> {
    this.child.kill("SIGKILL");
    await this.gone;
  }
}
