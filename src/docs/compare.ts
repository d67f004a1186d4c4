import { compareAnswers } from "./compare-answers.ts";
import { compareBody } from "./compare-body.ts";
import { breaking, type Change, note } from "./compare-change.ts";
import { compareParameters, type Placed, shapeOf } from "./compare-parameters.ts";
import { SchemaComparison } from "./compare-schemas.ts";
import { compareSecurity } from "./compare-security.ts";
import type { Sides } from "./compare-words.ts";
import type { OpenAPIDocument, Operation } from "./document.ts";

/** A difference between two states of an API, for who runs it. */
export interface APIChange extends Change {
  /** Method and path: `GET /notes/{id}`. */
  readonly operation: string;
}

/**
 * What is different in an API, and what of it breaks clients: those who send less or expect more
 * than now is right. In the order of the paths, of an operation the breaking changes first.
 */
export function compareAPI(before: OpenAPIDocument, after: OpenAPIDocument): APIChange[] {
  const schemas = new SchemaComparison(before, after);
  const [known, now] = [operationsOf(before), operationsOf(after)];
  const ids = [...new Set([...known.keys(), ...now.keys()])].toSorted();
  return ids.flatMap((id): APIChange[] => {
    const [one, other] = [known.get(id), now.get(id)];
    const operation = nameOf(id, (one ?? other)!);
    const changes = !other
      ? [breaking("operation", "gone")]
      : !one
        ? [note("operation", "new")]
        : compareOperation({ before: one, after: other }, { before, after }, schemas);
    return inOrder(changes).map((change) => ({ ...change, operation }));
  });
}

function compareOperation(
  sides: Sides<Placed>,
  documents: Sides<OpenAPIDocument>,
  schemas: SchemaComparison,
): Change[] {
  const { operation: before } = sides.before;
  const { operation: after } = sides.after;
  return [
    ...compareDeprecated({ before, after }),
    ...compareSecurity({ before, after }, documents),
    ...compareParameters(sides, schemas),
    ...compareBody({ before: before.requestBody, after: after.requestBody }, schemas),
    ...compareAnswers({ before: before.responses, after: after.responses }, schemas),
  ];
}

function compareDeprecated({ before, after }: Sides<Operation>): Change[] {
  if (before.deprecated === after.deprecated) return [];
  return [note("deprecated", after.deprecated ? "deprecated now" : "no longer deprecated")];
}

/** Each once: a form may be sent in two ways, and is the same form. */
function inOrder(changes: readonly Change[]): Change[] {
  const said = new Set<string>();
  return changes
    .toSorted((a, b) => Number(b.breaking) - Number(a.breaking) || (a.what < b.what ? -1 : 1))
    .filter(({ what }) => !said.has(what) && said.add(what));
}

/** By path and method; what the parameters of a path are called makes no difference. */
function operationsOf({ paths }: OpenAPIDocument): Map<string, Placed> {
  return new Map(
    Object.entries(paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]) => [
        `${shapeOf(path)} ${method.toUpperCase()}`,
        { path, operation },
      ]),
    ),
  );
}

function nameOf(id: string, { path }: Placed): string {
  return `${id.slice(id.lastIndexOf(" ") + 1)} ${path}`;
}
