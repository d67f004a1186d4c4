import { HTTPException } from "../exceptions.ts";
import { bareType, unknownType } from "../message/index.ts";
import type { FileRules } from "./file-field.ts";
import type { PartHead } from "./part-head.ts";

/** What a client calls a file has to be among what its field allows. @throws 415 */
export function checkType(name: string, { types }: FileRules, type: string | undefined): void {
  if (types && !isAmong(type ?? unknownType, types)) throw wrongType(name, types, type);
}

/** Finds out what a file is, where its field asks for that. */
export class FileTypeFinder {
  /** As the client says, until the content was looked at. */
  contentType: string;
  readonly #name: string;
  readonly #rules: FileRules | undefined;

  constructor({ name, contentType = unknownType }: PartHead, rules: FileRules | undefined) {
    this.#name = name;
    this.#rules = rules;
    this.contentType = contentType;
  }

  /** @throws 415 */
  async look(beginning: Buffer): Promise<void> {
    if (!this.#rules?.sniff) return;
    // Only few routes need what it knows.
    const { fileTypeFromBuffer } = await import("file-type");
    // What its readers stumble over is none of the types that they know.
    const found = await fileTypeFromBuffer(beginning).catch(() => undefined);
    const types = this.#rules.types ?? [];
    if (!found || !isAmong(found.mime, types)) throw wrongContent(this.#name, types);
    this.contentType = found.mime;
  }
}

function isAmong(type: string, types: readonly string[]): boolean {
  const bare = bareType(type);
  const family = `${bare.split("/", 1)[0]}/*`;
  return types.some((one) => one === bare || one === family);
}

function wrongType(name: string, types: readonly string[], found = "nothing"): HTTPException {
  const sent = found.slice(0, 100);
  return new HTTPException(
    415,
    `The file in "${name}" must be ${types.join(" or ")}, not ${sent}`,
    {
      errorCode: "FILE_TYPE",
    },
  );
}

function wrongContent(name: string, types: readonly string[]): HTTPException {
  return new HTTPException(
    415,
    `The content of the file in "${name}" must be ${types.join(" or ")}`,
    { errorCode: "FILE_TYPE" },
  );
}
