import type { Endpoint } from "../http/index.ts";
import type { APIChange } from "./compare.ts";
import { breaking, type Change, note } from "./compare-change.ts";
import { shapeOf } from "./compare-parameters.ts";

type Permissions = Readonly<Record<string, string>>;

/** What is different in the permissions that a plugin brings: by name, with what each allows. */
export function comparePermissions(before: Permissions, after: Permissions): Change[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].toSorted().flatMap((name) => {
    const [known, now] = [before[name], after[name]];
    if (known === now) return [];
    const what =
      known === undefined
        ? "new"
        : now === undefined
          ? "gone"
          : `${JSON.stringify(now)}, was ${JSON.stringify(known)}`;
    return [note("permission", `permission "${name}": ${what}`)];
  });
}

/** What is different in the permissions and roles that routes ask for, of which a document says nothing. */
export function compareGuards(
  before: readonly Endpoint[],
  after: readonly Endpoint[],
): APIChange[] {
  const now = new Map(
    after.flatMap((one) => [
      [looseName(one), one],
      [exactName(one), one],
    ]),
  );
  return before.flatMap((one) => {
    const other = now.get(exactName(one)) ?? now.get(looseName(one));
    if (!other) return [];
    const [asked, asks] = [demandsOf(one), demandsOf(other)];
    const operation = `${one.method} ${one.path}`;
    return [
      ...asks
        .filter((demand) => !isMet(demand, asked))
        .map((demand) => breaking("permission", `needs ${wordsOf(demand)} now`)),
      ...asked
        .filter((demand) => !isMet(demand, asks))
        .map((demand) => note("permission", `needs no longer ${wordsOf(demand)}`)),
    ].map((change) => ({ ...change, operation }));
  });
}

/** What is asked of who asks: one of these. */
type Demand = ReadonlySet<string>;

function isMet(demand: Demand, by: readonly Demand[]): boolean {
  return by.some((other) => other.isSubsetOf(demand));
}

function demandsOf({ declared }: Endpoint): Demand[] {
  return (declared.spec.guards ?? []).flatMap(({ permission = [], role = [] }) => [
    ...[permission].flat().map((name) => new Set([`permission "${name}"`])),
    ...(role.length ? [new Set([role].flat().map((name) => `role "${name}"`))] : []),
  ]);
}

function wordsOf(demand: Demand): string {
  return [...demand].join(" or ");
}

function looseName({ method, path }: Endpoint): string {
  return `${method} ${shapeOf(path)}`;
}

function exactName({ method, path }: Endpoint): string {
  return `${method} ${path.replaceAll(/\{\w+/g, "{")}`;
}
