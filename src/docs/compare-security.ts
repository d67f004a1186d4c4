import { breaking, type Change, note } from "./compare-change.ts";
import { stableText } from "./compare-text.ts";
import type { Sides } from "./compare-words.ts";
import type { OpenAPIDocument, Operation, SecurityRequirement } from "./document.ts";

/** Who may ask, and by what: one of the ways is enough. */
export function compareSecurity(
  operations: Sides<Operation>,
  documents: Sides<OpenAPIDocument>,
): Change[] {
  const known = waysOf(operations.before, documents.before);
  const now = waysOf(operations.after, documents.after);
  const lost = known.filter((way) => !now.some((other) => asksNoMore(other, way)));
  const added = now.filter((way) => !known.some((other) => asksNoMore(other, way)));
  const needs = `needs ${now.map(({ words }) => words).join(" or ")}`;
  return [
    ...lost.map(({ words }) =>
      breaking("security", words ? `${words} is not enough: ${needs}` : `${needs} now`),
    ),
    ...added.map(({ words }) =>
      note("security", words ? `takes ${words} too` : "open to everybody now"),
    ),
  ];
}

interface Way {
  /** None where nobody has to prove anything. */
  readonly words: string;
  /** What is asked, whatever the document calls it. */
  readonly asks: ReadonlySet<string>;
}

function waysOf({ security }: Operation, document: OpenAPIDocument): Way[] {
  return (security?.length ? security : [{}]).map((requirement) => wayOf(requirement, document));
}

function wayOf(requirement: SecurityRequirement, { components }: OpenAPIDocument): Way {
  const asks = Object.entries(requirement).flatMap(([name, scopes]) => {
    const scheme = components?.securitySchemes?.[name] ?? { name };
    const text = stableText({ ...scheme, description: undefined });
    return [text, ...scopes.map((scope) => `${text} ${scope}`)];
  });
  return { words: Object.keys(requirement).join(" and "), asks: new Set(asks) };
}

function asksNoMore(way: Way, than: Way): boolean {
  return way.asks.isSubsetOf(than.asks);
}
