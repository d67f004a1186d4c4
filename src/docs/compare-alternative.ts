import type { JSONSchema } from "../validation/index.ts";

export const types = ["string", "number", "boolean", "object", "array", "null"] as const;
export type Type = (typeof types)[number];

/** What all schemas of one place say together: a value fits when it fits one of the alternatives. */
export interface Meaning {
  readonly id: number;
  /** Those that say something, each once. */
  readonly schemas: readonly JSONSchema[];
  readonly alternatives: readonly Alternative[];
  /** Nothing is said: every value fits. */
  readonly isAny: boolean;
}

/** One type of value, and everything that is asked of it. */
export interface Alternative {
  readonly type: Type;
  /** The only value that fits, as JSON. */
  readonly only: string | undefined;
  readonly bounds: ReadonlyMap<Bounded, Bound>;
  /** What is compared by its text: of each keyword all that is said. */
  readonly rules: ReadonlyMap<string, ReadonlySet<string>>;
  /** By the name of a field, or the index of an item. */
  readonly members: ReadonlyMap<string, Meaning>;
  /** Of the fields and items that are not among them. */
  readonly others: Meaning;
  readonly required: ReadonlySet<string>;
  /** Of the names of fields. */
  readonly names: Meaning;
  /** Of what a text contains, as JSON. */
  readonly content: Meaning;
}

export const measures = ["imum", "Length", "Items", "Properties"] as const;
export type Measure = (typeof measures)[number];
export type Bounded = `${"min" | "max"}${Measure}`;

/** Where what may be begins or ends. */
export interface Bound {
  readonly at: number;
  /** It is outside itself. */
  readonly isOpen: boolean;
}

/** Makes one meaning of two. */
export type Join = (one: Meaning, other: Meaning) => Meaning;

/** What fits one of each. */
export function bothOf(
  some: readonly Alternative[],
  others: readonly Alternative[],
  join: Join,
): readonly Alternative[] {
  return some.flatMap((one) => others.flatMap((other) => both(one, other, join) ?? []));
}

function both(one: Alternative, other: Alternative, join: Join): Alternative | undefined {
  const only = one.only ?? other.only;
  if (one.type !== other.type || (other.only !== undefined && other.only !== only))
    return undefined;
  const names = new Set([...one.members.keys(), ...other.members.keys()]);
  return possible({
    type: one.type,
    only,
    bounds: merge(one.bounds, other.bounds, (a, b, name) => (isWithin(name, a, b) ? a : b)),
    rules: merge(one.rules, other.rules, (a, b) => a.union(b)),
    members: new Map(
      [...names].map((name) => [name, join(memberOf(one, name), memberOf(other, name))]),
    ),
    others: join(one.others, other.others),
    required: one.required.union(other.required),
    names: join(one.names, other.names),
    content: join(one.content, other.content),
  });
}

export function memberOf({ members, others }: Alternative, name: string): Meaning {
  return members.get(name) ?? others;
}

function merge<K, V>(
  one: ReadonlyMap<K, V>,
  other: ReadonlyMap<K, V>,
  join: (a: V, b: V, key: K) => V,
): ReadonlyMap<K, V> {
  const merged = new Map(one);
  for (const [key, value] of other) {
    const known = merged.get(key);
    merged.set(key, known === undefined ? value : join(known, value, key));
  }
  return merged;
}

/** Whether all that a bound lets through is let through by the other one too. */
export function isWithin(name: Bounded, bound: Bound, other: Bound): boolean {
  if (bound.at === other.at) return bound.isOpen || !other.isOpen;
  return name.startsWith("min") ? bound.at > other.at : bound.at < other.at;
}

/** The alternative, unless nothing can fit it. */
export function possible(one: Alternative): Alternative | undefined {
  const bounds = one.rules.get("type")?.has("integer") ? wholeBounds(one.bounds) : one.bounds;
  const isPossible = measures.every((measure) => {
    const [least, most] = [bounds.get(`min${measure}`), bounds.get(`max${measure}`)];
    if (!least || !most) return true;
    return least.at < most.at || (least.at === most.at && !least.isOpen && !most.isOpen);
  });
  return isPossible ? { ...one, bounds } : undefined;
}

/** More than 0 is at least 1, where only whole numbers may be. */
function wholeBounds(bounds: Alternative["bounds"]): Alternative["bounds"] {
  return new Map(
    [...bounds].map(([name, { at, isOpen }]): [Bounded, Bound] => {
      const inner = name === "minimum" ? Math.ceil(at) : Math.floor(at);
      const step = isOpen && inner === at ? (name === "minimum" ? 1 : -1) : 0;
      return [name, { at: inner + step, isOpen: false }];
    }),
  );
}
