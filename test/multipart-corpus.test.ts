import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { Plugin, post } from "nexus-platform";
import { alias, files, type UploadFile } from "nexus-platform/http";
import { TestClient } from "nexus-platform/testing";
import { expect, test } from "vitest";
import { z } from "zod";

// Forms from the tests of other parsers; they lie beside the repository, if at all.
const file = resolve(import.meta.dirname, "../../shared/conformance/multipart-corpus.json");
const isThere = existsSync(file);
if (!isThere) console.log(`Skipped: the multipart corpus, as there is no ${file}`);

interface Case {
  readonly id: string;
  readonly urlencoded?: boolean;
  readonly boundary?: string;
  readonly body_base64: string;
  readonly expect: {
    readonly error_at?: number;
    readonly errors?: readonly unknown[];
    readonly parts?: readonly Part[];
    readonly pairs?: readonly (readonly [string, string])[];
  };
}
interface Part {
  readonly name: string;
  readonly filename: string | null;
  readonly content_type?: string;
  readonly data_base64?: string;
}

const encoded = "400: nobody sends Content-Transfer-Encoding, and what it hides is not unpacked";
const ownLimits =
  "the case is about a limit of that parser: read whole, here the limits are others";
const ownUtf8 = "urlencoded is UTF-8 (URL Standard), whatever somebody else's option says";

/** Where this platform answers otherwise, and why. */
const onPurpose: Readonly<Record<string, string>> = {
  "python-multipart:base64_encoding": encoded,
  "python-multipart:mixed_case_headers": encoded,
  "python-multipart:mixed_plain_and_base64_encoding": encoded,
  "python-multipart:quoted_printable_encoding": encoded,
  "python-multipart:single_field_blocks":
    "400: the boundary of the case is --boundary, the one in its body boundary",
  "werkzeug:ie7_full_path_request.http":
    "400: the file was saved with LF alone; a lenient end of line lets files be cut elsewhere",
  "busboy:No fields and no files": "no body at all is an empty form (422 where a field is missing)",
  "busboy:Fields and files (limits)": ownLimits,
  "busboy:Files with filenames containing paths":
    "the name stays as the client gave it, as with busboy's preservePath",
  "busboy:Empty content-type and empty content-disposition":
    "400: a part without a name would be lost without a word",
  "busboy:No Content-Disposition": "400: a part without a name would be lost without a word",
  "busboy:Encoded value with multi-byte charset": ownUtf8,
  "busboy:Encoded value with single-byte, ASCII-compatible, non-UTF8 charset": ownUtf8,
  "busboy:Limits: truncated field name": ownLimits,
  "busboy:Limits: truncated field value": ownLimits,
  "busboy:Limits: truncated field name and value": ownLimits,
  "busboy:Limits: truncated field name and zero value limit": ownLimits,
  "busboy:Limits: truncated zero field name and zero value limit": ownLimits,
};

test.skipIf(!isThere)("each form of the corpus is read, or refused, as it should be", async () => {
  const cases = JSON.parse(readFileSync(file, "utf8")) as Case[];
  class Corpus extends Plugin {
    constructor() {
      super();
      for (const [at, one] of cases.entries())
        Object.assign(this, { [`case${at}`]: routeOf(`/${at}`, one) });
    }
  }
  await using client = await TestClient.of(Corpus, { raiseErrors: false });
  const different = new Set<string>();
  for (const [at, one] of cases.entries()) {
    const body = Buffer.from(one.body_base64, "base64");
    // At once, and so that everything is cut apart somewhere.
    for (const size of [body.length, body.length > 5000 ? 997 : 1]) {
      const response = await client.app.fetch(requestOf(`/${at}`, one, body, size));
      const found = response.ok ? await response.json() : response.status;
      if (!equals(found, expectedOf(one))) different.add(one.id);
    }
  }
  expect(cases.length).toBeGreaterThan(80);
  expect([...different]).toEqual(Object.keys(onPurpose));
});

function requestOf(path: string, one: Case, body: Buffer, size: number): Request {
  const contentType = one.urlencoded
    ? "application/x-www-form-urlencoded"
    : `multipart/form-data; boundary="${one.boundary}"`;
  const pieces = Array.from({ length: Math.ceil(body.length / size) }, (_, at) =>
    body.subarray(at * size, (at + 1) * size),
  );
  return new Request(`http://localhost${path}`, {
    method: "POST",
    headers: { "content-type": contentType },
    // Nothing is no body, not one without bytes.
    ...(body.length > 0 && { body: ReadableStream.from(pieces), duplex: "half" }),
  });
}

/** A route that reads the names of a case, and tells what it found under each. */
function routeOf(path: string, { expect: { parts = [], pairs = [] } }: Case): unknown {
  const names = new Map<string, boolean>();
  for (const { name, filename } of parts) names.set(name, filename !== null);
  for (const [name] of pairs) names.set(name, false);
  const form = Object.fromEntries(
    [...names].map(([name, isFile], at) => [
      `field${at}`,
      alias(name, isFile ? files() : z.array(z.string())),
    ]),
  );
  return post(path, { form }, async (input: Record<string, unknown>) => {
    const found: Record<string, unknown> = {};
    for (const [at, name] of [...names.keys()].entries()) {
      const values = input[`field${at}`] as readonly (string | UploadFile)[];
      found[name] = await Promise.all(values.map(tell));
    }
    return found;
  });
}

function equals(found: unknown, wanted: unknown): boolean {
  try {
    expect(found).toEqual(wanted);
    return true;
  } catch {
    return false;
  }
}

async function tell(value: string | UploadFile): Promise<object> {
  if (typeof value === "string") return { filename: null, content: base64(value) };
  const { filename, contentType } = value;
  return { filename, contentType, content: base64(await value.bytes()) };
}

function expectedOf({ expect: wanted }: Case): unknown {
  const { error_at, errors, parts = [], pairs = [] } = wanted;
  if (error_at !== undefined || errors?.some((one) => typeof one === "object")) return 400;
  const found: Record<string, object[]> = {};
  for (const [name, text] of pairs)
    (found[name] ??= []).push({ filename: null, content: base64(text) });
  for (const { name, filename, content_type, data_base64 } of parts) {
    const list = (found[name] ??= []);
    list.push({
      filename,
      // Some parsers take the parameters off.
      ...(filename !== null && {
        contentType: content_type
          ? expect.stringMatching(new RegExp(`^${content_type}(;|$)`))
          : expect.any(String),
      }),
      content: data_base64 ?? expect.any(String),
    });
  }
  return found;
}

const base64 = (content: string | Uint8Array): string => Buffer.from(content).toString("base64");
