import { randomUUID } from "node:crypto";

/** A file to send: the web's, or in few words. */
export type TestFile = Blob | TestContent;
export interface TestContent {
  readonly filename: string;
  readonly content: string | Uint8Array;
  /** Default: the part says nothing of a type. */
  readonly type?: string;
}

/** What a body is, and its bytes. */
export interface Content {
  readonly type: string;
  readonly body: string | Uint8Array | undefined;
}

/** Texts and files as a browser would send them. */
export async function encodeMultipart(
  texts: readonly (readonly [name: string, text: string])[],
  files: readonly (readonly [name: string, file: TestFile | readonly TestFile[]])[],
): Promise<Content> {
  const boundary = `----nexus-${randomUUID()}`;
  const pieces: (string | Uint8Array)[] = [];
  const add = (lines: readonly string[], content: string | Uint8Array): void => {
    pieces.push(`--${boundary}\r\n${lines.join("\r\n")}\r\n\r\n`, content, "\r\n");
  };
  for (const [name, text] of texts) add([disposition(name)], text);
  for (const [name, given] of files) {
    for (const one of isList(given) ? given : [given]) {
      const { filename, type, content } = await readable(one);
      const lines = [`${disposition(name)}; filename="${escape(filename)}"`];
      add(type === undefined ? lines : [...lines, `Content-Type: ${type}`], content);
    }
  }
  pieces.push(`--${boundary}--\r\n`);
  const body = Buffer.concat(pieces.map((piece) => Buffer.from(piece)));
  return { type: `multipart/form-data; boundary=${boundary}`, body };
}

function isList(given: TestFile | readonly TestFile[]): given is readonly TestFile[] {
  return Array.isArray(given);
}

async function readable(file: TestFile): Promise<TestContent> {
  if (!(file instanceof Blob)) return file;
  return {
    filename: file instanceof File ? file.name : "blob",
    type: file.type || "application/octet-stream",
    content: await file.bytes(),
  };
}

const disposition = (name: string): string =>
  `Content-Disposition: form-data; name="${escape(name)}"`;

function escape(name: string): string {
  return name.replaceAll('"', "%22").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}
