import type { Context } from "../context.ts";
import { HTTPException } from "../exceptions.ts";
import { type Request, tooLarge } from "../message/index.ts";
import { mediaTypeOf, refuseEncoded, unsupported } from "./body.ts";
import type { FileRules } from "./file-field.ts";
import { boundaryOf, readParts } from "./multipart.ts";
import { PartTexts } from "./part-text.ts";
import { Uploads } from "./uploads.ts";

const multipart = "multipart/form-data";
const urlencoded = "application/x-www-form-urlencoded";
/** As Starlette has it. */
const maxFields = 1000;
/** Bytes of all texts of a form that has files. */
const maxText = 1024 * 1024;

/** A form that has arrived. */
export interface Form {
  readonly texts: URLSearchParams;
  readonly files: Uploads;
}

/**
 * Reads a form, in either of its two types.
 * @param rules of the fields for files, by their names in the form
 * @param most bytes of a multipart body, where that is not the request's `bodyLimit`
 * @throws 415 413 400
 */
export async function readForm(
  context: Context,
  rules: ReadonlyMap<string, FileRules>,
  most: number | undefined,
): Promise<Form> {
  const { request } = context;
  const files = new Uploads(context, rules);
  if (!request.body) return { texts: new URLSearchParams(), files };
  refuseEncoded(request);
  // What may be said of the body was said with the files in mind.
  const textLimit = rules.size ? Math.min(request.bodyLimit, maxText) : request.bodyLimit;
  const type = mediaTypeOf(request);
  if (type === urlencoded) return { texts: await readUrlencoded(request, textLimit), files };
  if (type !== multipart) throw unsupported(request, multipart, urlencoded);
  const limit = most ?? request.bodyLimit;
  if (Number(request.headers.get("content-length")) > limit) throw tooLarge(limit);
  try {
    return { texts: await readMultipart(request, files, limit, textLimit), files };
  } catch (error) {
    // The rest of the body may take a while: the disk need not wait for it.
    await files.discard();
    throw error;
  }
}

async function readUrlencoded(request: Request, limit: number): Promise<URLSearchParams> {
  request.bodyLimit = limit;
  const texts = new URLSearchParams(await request.text());
  if (texts.size > maxFields) throw tooManyFields();
  return texts;
}

async function readMultipart(
  request: Request,
  files: Uploads,
  limit: number,
  textLimit: number,
): Promise<URLSearchParams> {
  const boundary = boundaryOf(request.headers.get("content-type")!);
  const texts = new URLSearchParams();
  const reader = new PartTexts(textLimit);
  let count = 0;
  for await (const part of readParts(request.body!, boundary, limit)) {
    if (part.filename !== undefined) await files.take(part, part.filename);
    else if (++count > maxFields) throw tooManyFields();
    else texts.append(part.name, await reader.read(part));
  }
  return texts;
}

function tooManyFields(): HTTPException {
  return new HTTPException(400, `Too many fields. Maximum number of fields is ${maxFields}.`);
}
