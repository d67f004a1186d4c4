import { type Content, encodeMultipart, type TestFile } from "./multipart.ts";

export interface Asking {
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent urlencoded; with `files`, as parts beside them. */
  readonly form?: Pairs;
  /** Sent as multipart/form-data; of a list each one under the same name. */
  readonly files?: Readonly<Record<string, TestFile | readonly TestFile[]>>;
  /** Sent as it is, with a Content-Type of your own in `headers`. */
  readonly body?: string | Uint8Array;
  readonly query?: Pairs;
  readonly headers?: Readonly<Record<string, string>>;
  /** For this request only; the ones that answers set are kept. */
  readonly cookies?: Readonly<Record<string, string>>;
  /** Default true. */
  readonly followRedirects?: boolean;
}

type Plain = string | number | boolean;
/** A list sends its name several times. */
type Pairs = Readonly<Record<string, Plain | readonly Plain[] | undefined>>;

export async function contentOf({ json, form, files, body }: Asking): Promise<Content> {
  if (json !== undefined) return { type: "application/json", body: JSON.stringify(json) };
  if (files) return encodeMultipart([...pairs(form ?? {})], Object.entries(files));
  if (form) return { type: "application/x-www-form-urlencoded", body: pairs(form).toString() };
  return { type: "", body };
}

export function withQuery(path: string, query: Pairs | undefined): string {
  const text = query && pairs(query).toString();
  return text ? `${path}${path.includes("?") ? "&" : "?"}${text}` : path;
}

function pairs(values: Pairs): URLSearchParams {
  return new URLSearchParams(
    Object.entries(values).flatMap(([name, value]) =>
      value === undefined ? [] : [value].flat().map((one): [string, string] => [name, String(one)]),
    ),
  );
}
