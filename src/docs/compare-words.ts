import { shorten } from "../validation/index.ts";
import {
  type Alternative,
  type Bound,
  type Bounded,
  type Meaning,
  memberOf,
  types,
} from "./compare-alternative.ts";
import type { Direction } from "./components.ts";

/** Two sides of a comparison, in the order of time. */
export interface Sides<T> {
  readonly before: T;
  readonly after: T;
}

/** `type string or null, was string`. */
export function typeWords({ before, after }: Sides<Meaning>): string {
  return `type ${typesOf(after)}, was ${typesOf(before)}`;
}

function typesOf({ alternatives }: Meaning): string {
  const found = types.filter((type) => alternatives.some((one) => one.type === type));
  if (found.length === types.length) return "anything";
  const numbers = alternatives.filter(({ type }) => type === "number");
  const isWhole = numbers.every(({ rules }) => rules.has("type"));
  const names = found.map((type) => (type === "number" && isWhole ? "integer" : type));
  return names.join(" or ") || "nothing";
}

/** What was let in and is no longer, or the other way round. @param isGone it was there before */
export function valueWords(what: string, isGone: boolean, direction: Direction): string {
  if (direction === "input") return isGone ? `no longer takes ${what}` : `takes ${what} too`;
  return isGone ? `is no longer ${what}` : `may be ${what} too`;
}

/** What is said of a field that is there no more. */
export const goneWords = { answered: "gone", ignored: "no longer read", refused: "refused now" };

/** `only "a" or "b", was any string`. */
export function choiceWords({ before, after }: Sides<readonly Alternative[]>): string {
  return `${choiceOf(after)}, was ${choiceOf(before)}`;
}

function choiceOf(alternatives: readonly Alternative[]): string {
  const values = alternatives.map(({ only }) => only);
  return values.includes(undefined)
    ? `any ${alternatives[0]!.type}`
    : `only ${values.join(" or ")}`;
}

const boundWords: Readonly<Record<Bounded, string>> = {
  minimum: "at least #",
  maximum: "at most #",
  minLength: "at least # characters",
  maxLength: "at most # characters",
  minItems: "at least # items",
  maxItems: "at most # items",
  minProperties: "at least # fields",
  maxProperties: "at most # fields",
};

/** `at most 50 characters, was at most 100 characters`. */
export function limitWords(name: Bounded, { before, after }: Sides<Bound | undefined>): string {
  const words = ({ at, isOpen }: Bound): string => {
    const open = name === "minimum" ? "more than #" : "less than #";
    return (isOpen ? open : boundWords[name]).replace("#", `${at}`);
  };
  return changeWords({ before: before && words(before), after: after && words(after) });
}

type Rule = ReadonlySet<string> | undefined;

/** `format "email", was "date"`. */
export function ruleWords(keyword: string, { before, after }: Sides<Rule>): string {
  if (keyword === "type") return after ? "type integer, was number" : "type number, was integer";
  const words = (rule: Rule): string | undefined =>
    rule && `${keyword} ${[...rule].map((text) => shorten(text)).join(" and ")}`;
  return changeWords({ before: words(before), after: words(after) });
}

function changeWords({ before, after }: Sides<string | undefined>): string {
  if (after === undefined) return `no longer ${before}`;
  return before === undefined ? `now ${after}` : `${after}, was ${before}`;
}

/** `an object with type "b"`: what tells it from the other alternatives. */
export function kindWords(one: Alternative): string {
  const tag = [...one.required].toSorted().find((name) => isTag(memberOf(one, name)));
  if (tag === undefined) return `this ${one.type}`;
  const values = memberOf(one, tag).alternatives.map(({ only }) => only);
  return `an ${one.type} with ${tag} ${values.join(" or ")}`;
}

/** Whether there are alternatives of which none can be the other, as they differ in a tag. */
export function areApart(one: Alternative, other: Alternative): boolean {
  return [...one.required.intersection(other.required)].some((name) => {
    const [own, its] = [memberOf(one, name), memberOf(other, name)];
    if (!isTag(own) || !isTag(its)) return false;
    const values = new Set(its.alternatives.map(({ only }) => only));
    return own.alternatives.every(({ only }) => !values.has(only));
  });
}

function isTag({ alternatives }: Meaning): boolean {
  return alternatives.length > 0 && alternatives.every(({ only }) => only !== undefined);
}
