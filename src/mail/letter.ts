import { randomUUID } from "node:crypto";
import { domainToASCII } from "node:url";
import { NexusError } from "../exceptions.ts";

/** What is to be told, and to whom; an address is `ann@example.com` or `Ann <ann@example.com>`. */
export interface Letter {
  readonly to: string | readonly string[];
  readonly subject: string;
  readonly text: string;
  /** The same for who reads letters as pages; `text` stays for the others. */
  readonly html?: string | undefined;
  /** Default: the mailer's. */
  readonly from?: string | undefined;
  readonly replyTo?: string | undefined;
}

/** A letter as it travels: the envelope, and the text of RFC 5322. */
export interface Message {
  readonly id: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly date: Date;
  readonly source: string;
}

/** @throws NX_MAIL_HEADER, NX_MAIL_ADDRESS */
export function compose(letter: Letter & { readonly from: string }): Message {
  const from = readAddress("from", letter.from);
  const to = [letter.to].flat().map((one) => readAddress("to", one));
  if (!to.length) {
    throw new NexusError("NX_MAIL_ADDRESS", "A letter goes to nobody.", {
      cure: "Name at least one address in `to`.",
    });
  }
  const date = new Date();
  const id = `<${randomUUID()}@${from.address.split("@")[1]}>`;
  const headers = [
    // "GMT" is the only zone that toUTCString knows, and is obsolete in letters.
    `Date: ${date.toUTCString().replace("GMT", "+0000")}`,
    `Message-ID: ${id}`,
    `From: ${from.header}`,
    `To: ${to.map(({ header }) => header).join(",\r\n ")}`,
    ...(letter.replyTo ? [`Reply-To: ${readAddress("replyTo", letter.replyTo).header}`] : []),
    `Subject: ${words(clean("subject", letter.subject))}`,
    "MIME-Version: 1.0",
  ];
  const source = `${headers.join("\r\n")}\r\n${content(letter)}`;
  return { id, from: from.address, to: to.map(({ address }) => address), date, source };
}

interface Address {
  readonly address: string;
  readonly header: string;
}

function readAddress(field: string, text: string): Address {
  const trimmed = clean(field, text).trim();
  const [, name = "", inner = trimmed] = /^(.*?)\s*<([^<>]*)>$/.exec(trimmed) ?? [];
  const [, local, domain = ""] = /^([!-?A-~]+)@([\p{L}\p{M}\p{N}._-]+)$/u.exec(inner) ?? [];
  const ascii = domainToASCII(domain);
  const fits = local !== undefined && ascii && inner.length < 255 && !/[<>()[\],;:\\"]/.test(local);
  if (!fits) {
    throw new NexusError("NX_MAIL_ADDRESS", `"${text}" in \`${field}\` is not an address.`, {
      cure: "Write ann@example.com or Ann <ann@example.com>.",
    });
  }
  const address = `${local}@${ascii}`;
  const plain = name.replace(/^"(.*)"$/, "$1");
  return { address, header: plain ? `${display(plain)} <${address}>` : address };
}

function display(name: string): string {
  const coded = words(name);
  return coded === name ? `"${name.replace(/["\\]/g, "\\$&")}"` : coded;
}

// A line break in a header would let whoever chose the value write headers of their own.
function clean(field: string, value: string): string {
  if (!/\p{Cc}/u.test(value)) return value;
  throw new NexusError(
    "NX_MAIL_HEADER",
    `\`${field}\` holds a line break or a control character.`,
    {
      cure: "Take it out before sending; it may be an attempt to add headers.",
    },
  );
}

/** RFC 2047: what is not short ASCII goes in encoded words, which split no character. */
function words(text: string): string {
  if (/^[ -~]{0,60}$/.test(text) && !text.includes("=?")) return text;
  const parts = [""];
  for (const character of text) {
    if (Buffer.byteLength(parts.at(-1) + character) > 39) parts.push("");
    parts[parts.length - 1] += character;
  }
  return parts.map((part) => `=?UTF-8?B?${Buffer.from(part).toString("base64")}?=`).join("\r\n ");
}

function content({ text, html }: Letter): string {
  if (html === undefined) return body("plain", text);
  const boundary = `=_${randomUUID()}`;
  // The last one is the one that a reader prefers.
  const parts = [body("plain", text), body("html", html)].map((one) => `--${boundary}\r\n${one}`);
  return (
    `Content-Type: multipart/alternative; boundary="${boundary}"\r\n\r\n` +
    `${parts.join("\r\n")}\r\n--${boundary}--\r\n`
  );
}

function body(kind: "plain" | "html", text: string): string {
  const lines = text.split(/\r\n|\r|\n/);
  // As it is where that is possible: links in an outbox can then be read and copied.
  const plain = lines.every((line) => /^[\t -~]{0,900}$/.test(line));
  return (
    `Content-Type: text/${kind}; charset=utf-8\r\n` +
    `Content-Transfer-Encoding: ${plain ? "7bit" : "quoted-printable"}\r\n\r\n` +
    `${(plain ? lines : lines.map(quotedPrintable)).join("\r\n")}\r\n`
  );
}

function quotedPrintable(line: string): string {
  const rows = [""];
  for (const [at, byte] of Buffer.from(line).entries()) {
    const isLast = at === Buffer.byteLength(line) - 1;
    const plain =
      (byte > 32 && byte < 127 && byte !== 61) || ((byte === 32 || byte === 9) && !isLast);
    const code = plain
      ? String.fromCharCode(byte)
      : `=${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    if (rows.at(-1)!.length + code.length > 75) rows.push("");
    rows[rows.length - 1] += code;
  }
  return rows.join("=\r\n");
}
