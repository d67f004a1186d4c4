import {
  type Alternative,
  type Bound,
  type Bounded,
  isWithin,
  type Meaning,
} from "./compare-alternative.ts";
import type { Explanation, Step } from "./compare-explanation.ts";
import { explainFields, explainItems } from "./compare-members.ts";
import {
  areApart,
  choiceWords,
  kindWords,
  limitWords,
  ruleWords,
  typeWords,
} from "./compare-words.ts";

/** Why not everything of one meaning fits the other; of what is inside, what is known of it counts. */
export function explain(from: Meaning, to: Meaning, by: Explanation): Step[] {
  const steps: Step[] = [];
  const lost: string[] = [];
  let isStrange = false;
  for (const one of from.alternatives) {
    const others = to.alternatives.filter((other) => canFit(one, other, by));
    const ways = others
      .filter((other) => !areApart(one, other))
      .map((other) => between(one, other, by));
    if (!others.length) isStrange = true;
    else if (ways.some((way) => !way.length)) continue;
    else if (one.only !== undefined) lost.push(one.only);
    else steps.push(...nearest(one, others, from, by));
  }
  if (isStrange) steps.push(by.say("type", typeWords(by.sides(from, to))));
  if (lost.length) steps.push(by.lost(lost.join(", ")));
  return steps.toSorted((a, b) => compareTexts(a.path, b.path));
}

function canFit(one: Alternative, other: Alternative, { options }: Explanation): boolean {
  const isScalar = one.type === "number" || one.type === "boolean";
  return one.type === other.type || (options.isText && isScalar && isPlainText(other));
}

/** Why something does not fit what is most like it. */
function nearest(
  one: Alternative,
  others: readonly Alternative[],
  from: Meaning,
  by: Explanation,
): Step[] {
  const open = others.filter(({ only }) => only === undefined);
  const same = from.alternatives.filter(({ type }) => type === one.type);
  if (!open.length) return [by.say("value", choiceWords(by.sides(same, others)))];
  const isOneOfSeveral = same.length > 1 || open.length > 1;
  const alike = isOneOfSeveral ? open.filter((other) => !areApart(one, other)) : open;
  const ways = alike.map((other) => {
    const steps = between(one, other, by);
    const others = new Set(one.members.keys()).symmetricDifference(other.members);
    return { steps, distance: steps.length + others.size, paths: steps.map(({ path }) => path) };
  });
  const [best] = ways.toSorted(
    (a, b) => a.distance - b.distance || compareTexts(a.paths.join(" "), b.paths.join(" ")),
  );
  return best?.steps ?? [by.lost(kindWords(one))];
}

function between(one: Alternative, other: Alternative, by: Explanation): Step[] {
  if (one.type !== other.type) return [];
  if (other.only !== undefined && other.only !== one.only) return [by.lost(other.only)];
  return [
    ...explainBounds(one, other, by),
    ...explainRules(one, other, by),
    ...by.inside("", one.content, other.content),
    ...(one.type === "array" ? explainItems(one, other, by) : explainFields(one, other, by)),
  ];
}

function explainBounds(one: Alternative, other: Alternative, by: Explanation): Step[] {
  return [...other.bounds].flatMap(([name, bound]) => {
    const own = one.bounds.get(name);
    if (isWithin(name, own ?? unsaid(name), bound)) return [];
    return [by.sayChecked("limit", limitWords(name, by.sides(own, bound)))];
  });
}

/** What is counted is never less than nothing. */
function unsaid(name: Bounded): Bound {
  const at = name.startsWith("max") ? Infinity : name === "minimum" ? -Infinity : 0;
  return { at, isOpen: false };
}

function explainRules(one: Alternative, other: Alternative, by: Explanation): Step[] {
  const kept = [...exact].filter((keyword) => one.rules.has(keyword));
  return [...new Set([...other.rules.keys(), ...kept])].flatMap((keyword) => {
    const [own, its] = [one.rules.get(keyword), other.rules.get(keyword)];
    const fits = [...(its ?? [])].every((rule) => keeps(keyword, own ?? [], rule));
    const isLifted = exact.has(keyword) && (own?.size ?? 0) > (its?.size ?? 0);
    if (fits && !isLifted) return [];
    const words = ruleWords(keyword, by.sides(own, its));
    if (keyword === "type") return [by.say("type", words)];
    return [readBy.has(keyword) ? by.say("rule", words) : by.sayChecked("rule", words)];
  });
}

/** Rules by which a value is read, as a date is. */
const readBy: ReadonlySet<string> = new Set(["format", "contentEncoding", "contentMediaType"]);
/** Rules without which others mean something else: they may not even be lifted. */
const exact: ReadonlySet<string> = new Set(["patternProperties", "minContains"]);

function keeps(keyword: string, own: Iterable<string>, rule: string): boolean {
  return [...own].some(
    (one) => one === rule || (keyword === "multipleOf" && Number(one) % Number(rule) === 0),
  );
}

function isPlainText({ type, only, bounds, rules }: Alternative): boolean {
  return type === "string" && only === undefined && bounds.size === 0 && rules.size === 0;
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
