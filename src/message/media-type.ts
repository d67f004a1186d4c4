/** Of what nobody knows anything about. */
export const unknownType = "application/octet-stream";

// RFC 6838 allows less in a name than header fields do.
const name = String.raw`[\w!#$&^.+-]+`;
const mediaType = new RegExp(String.raw`^${name}/${name}[ \t]*(?:;[\t\x20-\x7e]*)?$`);
const mediaRange = new RegExp(String.raw`^${name}/(?:\*|${name})$`);

/** `image/png`, or `text/plain; charset=utf-8` */
export function isMediaType(text: string): boolean {
  return mediaType.test(text);
}

/** `image/png`, or all of a kind: `image/*` */
export function isMediaRange(text: string): boolean {
  return mediaRange.test(text);
}

/** The type without its parameters, in small letters. */
export function bareType(text: string): string {
  return text.split(";", 1)[0]!.trim().toLowerCase();
}
