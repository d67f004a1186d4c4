/** Content codings that a body can be sent in, the best first. */
export const encodings = ["zstd", "br", "gzip"] as const;
export type Encoding = (typeof encodings)[number];

/** What a client takes. */
export interface Wish {
  /** In what it likes best; `undefined` when that is the body as it is. */
  readonly encoding: Encoding | undefined;
  /** It says that it cannot take the body as it is. */
  readonly refusesPlain: boolean;
}

/**
 * Reads Accept-Encoding (RFC 9110, 12.5.3). Without one the body stays as it is.
 * @param offered the best first, for what the client likes alike
 */
export function readAcceptEncoding(header: string | null, offered: readonly Encoding[]): Wish {
  const weights = new Map<string, number>();
  for (const part of header?.split(",") ?? []) {
    const [, name, weight = "1"] =
      /^\s*([\w*-]+)\s*(?:;\s*q=(\d(?:\.\d{0,3})?)\s*)?$/i.exec(part) ?? [];
    if (name)
      weights.set(name.toLowerCase().replace(/^x-gzip$/, "gzip"), Math.min(1, Number(weight)));
  }
  const any = weights.get("*");
  const weightOf = (encoding: string): number => weights.get(encoding) ?? any ?? 0;
  const [best] = offered.toSorted((a, b) => weightOf(b) - weightOf(a));
  const plain = weights.get("identity");
  const isBest = best !== undefined && weightOf(best) > 0 && weightOf(best) >= (plain ?? 0);
  return { encoding: isBest ? best : undefined, refusesPlain: (plain ?? any) === 0 };
}
