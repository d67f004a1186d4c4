import { randomUUID } from "node:crypto";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type * as nodemailer from "nodemailer";
import { messageOf, NexusError } from "../exceptions.ts";
import type { Message } from "./letter.ts";

/** The way that letters go. */
export interface Transport {
  /** Makes sure that sending could work; called once, at start. */
  open?(): Promise<void>;
  send(message: Message): Promise<void>;
  close?(): void | Promise<void>;
}

/** A folder in which each letter is one `.eml` file, the oldest first: open one with any mail program. */
export function outbox(folder: string): Transport {
  return {
    async send({ date, source }) {
      await mkdir(folder, { recursive: true });
      const name = `${date.toISOString().replace(/[:.]/g, "-")}-${randomUUID().slice(0, 8)}`;
      const draft = join(folder, `.${name}.tmp`);
      try {
        // Letters hold links that let people in.
        await writeFile(draft, source, { mode: 0o600 });
        await rename(draft, join(folder, `${name}.eml`));
      } catch (error) {
        await rm(draft, { force: true });
        throw error;
      }
    },
  };
}

/**
 * A mail server: `smtps://user:password@smtp.example.com`, or `smtp://…:587`.
 * @throws NX_MAIL_URL
 */
export function smtp(url: string): Transport {
  const { protocol, hostname } = URL.parse(url) ?? {};
  if (!hostname || !/^smtps?:$/.test(protocol!)) {
    throw new NexusError("NX_MAIL_URL", "The address of the mail server is not an SMTP URL.", {
      cure: "Write smtps://user:password@smtp.example.com, or smtp://localhost:587.",
    });
  }
  let connecting: Promise<nodemailer.Transporter> | undefined;
  const connect = () => (connecting ??= load().then(({ createTransport }) => createTransport(url)));
  return {
    async open() {
      await connect();
    },
    async send({ from, to, source }) {
      const mail = await connect();
      try {
        await mail.sendMail({ envelope: { from, to: [...to] }, raw: source });
      } catch (error) {
        throw new NexusError("NX_MAIL_REFUSED", `${hostname} did not take a letter:`, {
          cure: messageOf(error),
          cause: error,
        });
      }
    },
    async close() {
      (await connecting?.catch(() => undefined))?.close();
    },
  };
}

async function load(): Promise<typeof nodemailer> {
  try {
    return await import("nodemailer");
  } catch (error) {
    if ((error as { code?: unknown }).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new NexusError("NX_PEER_MISSING", "Sending mail over SMTP needs nodemailer.", {
      cure: "Run `npm install nodemailer`.",
      cause: error,
    });
  }
}
