import { unknownIn } from "../config/index.ts";
import type { InForm } from "../dependency.ts";
import { NexusError } from "../exceptions.ts";
import { bytesOf, isMediaRange, type Size, unknownType, UploadFile } from "../message/index.ts";
import type { JSONSchema, Result, Schema } from "../validation/index.ts";

export interface FilesOptions {
  /** Of each file; default 10 MB. */
  readonly maxSize?: Size;
  /** What a client may call a file: `image/png`, `image/*`; default anything. */
  readonly types?: readonly string[];
  /**
   * The content has to be one of `types` too, by its first bytes; `contentType` is then what was found.
   * Text has no such bytes, so CSV, SVG, JSON and their like are refused beside it.
   */
  readonly sniff?: boolean;
}
export interface OneFileOptions extends FilesOptions {
  /** Without a file the value is `undefined`. */
  readonly optional?: boolean;
}
export interface SeveralFilesOptions extends FilesOptions {
  /** Default 1. */
  readonly min?: number;
  /** Default 100, at most 1000. */
  readonly max?: number;
}

/** A field for files: only a form has one. */
export interface FileField<T> extends Schema<T, T>, InForm {
  readonly "~files": FileRules;
}

/** What is let in, as the reader of the form has it. */
export interface FileRules {
  /** Bytes, of each. */
  readonly maxSize: number;
  readonly types: readonly string[] | undefined;
  readonly sniff: boolean;
  readonly max: number;
  /** Of several files all are kept, otherwise the last. */
  readonly many: boolean;
}

/** A file of a form; of several with its name the last one counts. */
export function file<const O extends OneFileOptions = {}>(options?: O): FileField<OneFile<O>> {
  const { optional = false, ...rest }: OneFileOptions = options ?? {};
  const rules = rulesFrom("file", rest, { max: 1, many: false });
  return {
    "~standard": standard(jsonFile(rest), (value) => {
      // Its type has undefined then.
      if (value === undefined && optional) return { value: value as never };
      if (value === undefined) return missing;
      return value instanceof UploadFile ? { value } : noFile;
    }),
    "~files": rules,
  };
}

/** `undefined` is left out only where it is certain that there is a file. */
type OneFile<O> = "optional" extends keyof O
  ? O["optional"] extends false
    ? UploadFile
    : UploadFile | undefined
  : UploadFile;

/** Files of a form, in the order in which they were sent. */
export function files(options: SeveralFilesOptions = {}): FileField<readonly UploadFile[]> {
  const { min = 1, max = 100, ...rest } = options;
  if (!(Number.isInteger(min) && Number.isInteger(max) && 0 <= min && min <= max && 1 <= max))
    fail("files", `says min: ${min} and max: ${max}`, "Give it whole numbers, min at most max.");
  if (max > mostFiles) fail("files", `says max: ${max}`, `A form has at most ${mostFiles} files.`);
  // Without that format the documentation page offers no files for a list.
  const items = { ...jsonFile(rest), format: "binary" };
  const json = { type: "array", items, minItems: min, maxItems: max, ...(!min && { default: [] }) };
  return {
    "~standard": standard(json, (value = min ? undefined : []) => {
      if (value === undefined) return missing;
      if (!Array.isArray(value)) return noFile;
      const found: unknown[] = value;
      if (!found.every((one) => one instanceof UploadFile)) return noFile;
      return found.length < min ? tooFew(min, found.length) : { value: found };
    }),
    "~files": rulesFrom("files", rest, { max, many: true }),
  };
}

/** Files of one form, whatever they are for. */
export const mostFiles = 1000;

export function rulesOf(schema: Schema): FileRules | undefined {
  return (schema as Partial<FileField<unknown>>)["~files"];
}

/** As OpenAPI 3.1 wants it. */
function jsonFile({ maxSize = "10MB" }: FilesOptions): JSONSchema {
  const description = `At most ${typeof maxSize === "number" ? `${maxSize} bytes` : maxSize}`;
  return { type: "string", contentMediaType: unknownType, description };
}

const missing = { issues: [{ message: "Field required" }] };
const noFile = { issues: [{ message: "Expected UploadFile" }] };

function tooFew(min: number, found: number) {
  const message = `Expected at least ${min} files, received ${found}`;
  return { issues: [{ code: "too_small", origin: "array", minimum: min, message }] };
}

function standard<T>(
  json: JSONSchema,
  validate: (value: unknown) => Result<T>,
): Schema<T, T>["~standard"] {
  const describe = (): JSONSchema => ({ ...json });
  const jsonSchema = { input: describe, output: describe };
  // The standard's two halves: checking, and describing.
  return Object.assign({ version: 1 as const, vendor: "nexus", validate }, { jsonSchema });
}

function rulesFrom(
  name: string,
  { maxSize = "10MB", types, sniff = false, ...unknown }: FilesOptions,
  rules: Pick<FileRules, "max" | "many">,
): FileRules {
  const own = name === "file" ? ["optional"] : ["min", "max"];
  const strange = unknownIn(unknown, ["maxSize", "types", "sniff", ...own], "It understands");
  if (strange) fail(name, `says "${strange.names}", which it does not understand`, strange.cure);
  if (types && !Array.isArray(types))
    fail(name, "has no list as types", 'Write types: ["image/png"].');
  const wrong = types?.find((type) => !isMediaRange(type));
  if (types && (wrong !== undefined || !types.length)) {
    const found = JSON.stringify(wrong ?? []);
    fail(name, `has ${found} among its types`, 'Write types: ["image/png"], or ["image/*"].');
  }
  if (sniff && !types) fail(name, "is to sniff, but says no types", "Say types: […], too.");
  const lower = types?.map((type) => type.toLowerCase());
  const text = sniff ? lower?.find((type) => textual.test(type)) : undefined;
  if (text !== undefined) {
    const cure =
      "Text has no first bytes to know it by: leave sniff off, and check the content in the handler.";
    fail(name, `is to sniff, but no content can be found to be ${text}`, cure);
  }
  return { ...rules, maxSize: bytesOf(maxSize), types: lower, sniff };
}

// Of XML itself, and of three kinds of text, the beginning is laid down.
const textual =
  /^text\/(?!(?:calendar|vcard|vtt)$)|\+(?:json|xml|yaml)$|^application\/(?:json|jsonl|x-ndjson|javascript|ecmascript|sql|graphql|yaml|toml)$/;

function fail(name: string, what: string, cure: string): never {
  throw new NexusError("NX_ROUTE_SPEC", `${name}() ${what}.`, { cure });
}
