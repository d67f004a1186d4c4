import { cp, readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { cleanUp, makeFolder, nexus, run, until } from "./nexus-process.ts";

/** The example is played as its README tells it: each command, and what it says. */

const example = resolve(import.meta.dirname, "../examples/hot-swap");

afterAll(cleanUp);

test(
  "the steps of the example say what its README says, and lose no request",
  { timeout: 120_000 },
  async () => {
    const folder = await makeFolder();
    await cp(example, folder, { recursive: true, filter: (path) => !path.endsWith("/data") });
    const server = nexus("start", folder);
    const url = await server.url();
    const running: Promise<string>[] = [];
    await using loop = new Loop(`${url}/greeter`);

    for (const { command, output } of stepsIn(await readFile(`${example}/README.md`, "utf8"))) {
      if (command.startsWith("cd ")) continue;
      if (command.includes("plugin remove")) await loop.stop();
      const doing = perform(folder, command.replace("http://127.0.0.1:8000", url));
      if (command.endsWith("&")) {
        running.push(doing);
        continue;
      }
      expect.soft(withoutSpaces(await doing), command).toMatch(patternOf(output));
      if (command.includes("plugin install")) loop.start();
      await loop.another();
    }

    expect(loop.failed).toEqual([]);
    expect(loop.versions).toEqual(["1.0.0", "1.1.0", "1.0.0", "1.1.0", "1.3.0", "1.1.0"]);
    // What began on a version has ended on it.
    const lines = (await running[0]!).trim().split("\n");
    expect(lines).toEqual(lines.map((_, at) => `${at + 1} of 10: hello from 1.0.0`));
    expect(lines).toHaveLength(10);
    expect((await fetch(`${url}/greeter`)).status).toBe(404);
    expect(await server.stop()).toBe(0);
  },
);

interface Step {
  readonly command: string;
  readonly output: string;
}

/** The commands of a page's `console` blocks, with what stands below each. */
function stepsIn(markdown: string): Step[] {
  const blocks = [...markdown.matchAll(/^```console\n(.*?)^```$/gms)].map(([, block]) => block!);
  return blocks.flatMap((block) =>
    [...block.matchAll(/^\$ (.*)\n((?:(?!\$ ).*\n)*)/gm)].map(([, command, output]) => ({
      command: command!,
      output: output!,
    })),
  );
}

async function perform(folder: string, command: string): Promise<string> {
  const [program, ...args] = command.replace(/ &$/, "").split(" ");
  if (program === "./nexus") {
    const { code, stdout, stderr } = await run(folder, args);
    const isRefused = /failed|was rolled back/.test(stdout + stderr);
    expect.soft(code, command).toBe(isRefused ? 1 : 0);
    return stdout + stderr;
  }
  const answer = await fetch(args.at(-1)!, { method: args.includes("POST") ? "POST" : "GET" });
  return answer.text();
}

/** As the README has it: an ellipsis stands for anything in a line, and columns may be wider. */
function patternOf(output: string): RegExp {
  const parts = withoutSpaces(output)
    .split("…")
    .map((part) => RegExp.escape(part));
  return new RegExp(`^${parts.join("[^\\n]*")}$`);
}

function withoutSpaces(text: string): string {
  return text.trim().replaceAll(/ {2,}/g, " ");
}

/** Asks again and again, on a new connection each time, as curl does. */
class Loop implements AsyncDisposable {
  readonly #url: string;
  readonly failed: string[] = [];
  /** Each as often as it took over. */
  readonly versions: string[] = [];
  #count = 0;
  #isOn = false;
  #end: Promise<void> = Promise.resolve();

  constructor(url: string) {
    this.#url = url;
  }

  start(): void {
    this.#isOn = true;
    this.#end = this.#run();
  }

  /** Resolves when one more answer than now is there, if it asks at all. */
  async another(): Promise<void> {
    const now = this.#count;
    // One that is on its way may be of before.
    await until(() => !this.#isOn || this.#count > now + 1);
  }

  async stop(): Promise<void> {
    this.#isOn = false;
    await this.#end;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #run(): Promise<void> {
    while (this.#isOn) {
      try {
        const answer = await fetch(this.#url, { headers: { Connection: "close" } });
        const text = await answer.text();
        if (answer.status !== 200) throw new Error(`${answer.status} ${text}`);
        const { version } = JSON.parse(text) as { version: string };
        if (version !== this.versions.at(-1)) this.versions.push(version);
      } catch (error) {
        this.failed.push(String(error));
      }
      this.#count++;
      await sleep(5);
    }
  }
}
