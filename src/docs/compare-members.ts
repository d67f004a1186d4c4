import { type Alternative, type Meaning, memberOf } from "./compare-alternative.ts";
import type { Explanation, Step } from "./compare-explanation.ts";
import { goneWords, type Sides } from "./compare-words.ts";

/** Why not all items of one list fit the other. */
export function explainItems(one: Alternative, other: Alternative, by: Explanation): Step[] {
  const lengths = [one, other].map(({ bounds }) => bounds.get("maxItems")?.at ?? Infinity);
  const most = Math.min(...lengths);
  const named = Math.max(one.members.size, other.members.size);
  const each = Array.from({ length: Math.min(named, most) }, (_, at) =>
    by.inside(`[${at}]`, memberOf(one, `${at}`), memberOf(other, `${at}`)),
  );
  return [...each.flat(), ...(named < most ? by.inside("[]", one.others, other.others) : [])];
}

/** Why not all fields of one object fit the other. */
export function explainFields(one: Alternative, other: Alternative, by: Explanation): Step[] {
  const names = new Set([...one.members.keys(), ...other.members.keys()]);
  const required = other.required.difference(one.required);
  return [
    ...[...names].flatMap((name) => explainField(name, one, other, by)),
    ...[...required].flatMap((name) => explainRequired(name, by.sides(one, other), by)),
    ...explainOthers(one, other, by),
    ...by.inside(".* (name)", one.names, other.names),
  ];
}

/** Of fields that nobody named, nobody sends one or relies on one. */
function explainField(name: string, one: Alternative, other: Alternative, by: Explanation): Step[] {
  const { direction, isForward } = by.options;
  const [own, its] = [fieldOf(one, name), fieldOf(other, name)];
  const path = `.${name}`;
  if (own && its) return by.inside(path, own, its);
  const isGone = isForward === (own !== undefined);
  const { after } = by.sides(one, other);
  const isRefused = direction === "input" && isNever(after.others);
  const gone = direction === "output" ? "answered" : isRefused ? "refused" : "ignored";
  const added = direction === "input" && after.required.has(name) ? "new and required" : "new";
  const isBreaking = isGone && (direction === "output" || isRefused);
  // Each is said once: as what breaks, or as a note.
  return isBreaking === by.breaks ? [by.say("field", isGone ? goneWords[gone] : added, path)] : [];
}

/** What is known of a field: what is said of it, or what is said of all others. */
function fieldOf({ members, others }: Alternative, name: string): Meaning | undefined {
  return members.get(name) ?? (others.isAny || isNever(others) ? undefined : others);
}

function explainRequired(
  name: string,
  { before, after }: Sides<Alternative>,
  by: Explanation,
): Step[] {
  const { direction, isForward } = by.options;
  const isNew = !fieldOf(before, name);
  // That it is gone is said already, and that an answer has it at all.
  if (!fieldOf(after, name) || (isNew && direction === "output")) return [];
  const words = {
    input: isForward ? (isNew ? "new and required" : "required now") : "optional now",
    output: isForward ? "always there now" : "may be missing now",
  };
  return [by.say("field", words[direction], `.${name}`)];
}

function explainOthers(one: Alternative, other: Alternative, by: Explanation): Step[] {
  if (!isNever(other.others) || isNever(one.others))
    return by.inside(".*", one.others, other.others);
  const words = by.options.isForward ? "refused now" : "taken too";
  return [by.say("field", `other fields are ${words}`, ".*")];
}

function isNever({ alternatives }: Meaning): boolean {
  return alternatives.length === 0;
}
