import type { Finding } from "./compare-explanation.ts";

/** What is not as it was before. */
export interface Change {
  /** Of what it is. */
  readonly kind:
    | Finding["kind"]
    | "operation"
    | "parameter"
    | "body"
    | "status"
    | "media type"
    | "header"
    | "security"
    | "deprecated"
    | "permission"
    | "setting";
  /** In words: the place, if it is not the whole operation, and what is different there. */
  readonly what: string;
  /** Who goes on as before may fail, or not find what was there. */
  readonly breaking: boolean;
}

export function note(kind: Change["kind"], what: string): Change {
  return { kind, what, breaking: false };
}

export function breaking(kind: Change["kind"], what: string): Change {
  return { kind, what, breaking: true };
}

/** Says where the findings are. */
export function changesAt(place: string, findings: readonly Finding[]): Change[] {
  return findings.map(({ path, what, ...rest }) => ({
    ...rest,
    what: `${place}${path}: ${what}`,
  }));
}
