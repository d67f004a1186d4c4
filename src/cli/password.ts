import { randomBytes } from "node:crypto";
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { NexusError } from "../exceptions.ts";

export interface PasswordOptions {
  readonly passwordStdin?: boolean;
}

export interface Chosen {
  readonly password: string;
  /** Nobody but us knows it yet. */
  readonly isMade: boolean;
}

/** From the input, or asked for on a terminal; else one is made. @throws NX_PASSWORD */
export async function choosePassword({ passwordStdin }: PasswordOptions): Promise<Chosen> {
  if (passwordStdin) return { password: await readAll(), isMade: false };
  const made = { password: randomBytes(18).toString("base64url"), isMade: true };
  if (!process.stdin.isTTY || !process.stderr.isTTY) return made;
  const password = await ask("Password (empty: make one): ");
  if (!password) return made;
  if (password === (await ask("Again: "))) return { password, isMade: false };
  throw new NexusError("NX_PASSWORD", "The two passwords differ.", { cure: "Try again." });
}

/** To be shown once: it is stored nowhere. */
export function tell({ password, isMade }: Chosen): void {
  if (isMade) process.stdout.write(`Password: ${password}\n`);
}

/** The first line, without its end. */
async function readAll(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  const [line = ""] = Buffer.concat(chunks).toString("utf8").split(/\r?\n/);
  if (line) return line;
  throw new NexusError("NX_PASSWORD", "--password-stdin found no password on the input.", {
    cure: 'Write `printf %s "$PASSWORD" | nexus user … --password-stdin`.',
  });
}

/** What is typed is not shown. */
async function ask(question: string): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  lines.on("SIGINT", () => process.exit(130));
  // Only now: from here on the terminal does not show what is typed.
  process.stderr.write(question);
  try {
    return await lines.question("");
  } finally {
    lines.close();
    process.stderr.write("\n");
  }
}
