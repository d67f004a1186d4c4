import { NexusError } from "../exceptions.ts";
import type { EventType } from "./event.ts";

/** What a listener is told: which event, and its data. */
export interface Happened<T = unknown> {
  readonly name: string;
  readonly data: T;
}

/** Who wants to hear of what: a field of a plugin, subscribed when the plugin starts. */
export interface Listener {
  readonly kind: "listener";
  readonly pattern: string;
  readonly priority: number;
  readonly once: boolean;
  readonly handler: (event: Happened<never>) => unknown;
}

export interface ListenOptions {
  /** Higher hears first; default 0. Equal ones hear in the order of subscription. */
  readonly priority?: number;
}

/** An event, or a pattern of names: `*` is one segment, a last `**` is one or more. */
export type AnyEvent = string | EventType<unknown, unknown>;
export type Data<E> = E extends EventType<infer _In, infer Out> ? Out : unknown;
type Handler<E> = (event: Happened<Data<E>>) => void | Promise<void>;

/**
 * Listens, as a plugin's field: `welcome = on(userCreated, ({ data }) => …)`. With a pattern, as
 * `"plugin.*.started"` or `"user.**"`, the data is unknown.
 */
export function on<const E extends AnyEvent>(event: E, handler: Handler<E>): Listener;
export function on<const E extends AnyEvent>(
  event: E,
  options: ListenOptions,
  handler: Handler<E>,
): Listener;
export function on(event: AnyEvent, ...rest: Rest): Listener {
  return listener(event, rest, false);
}

/** As `on`, for the first time only. */
export function once<const E extends AnyEvent>(event: E, handler: Handler<E>): Listener;
export function once<const E extends AnyEvent>(
  event: E,
  options: ListenOptions,
  handler: Handler<E>,
): Listener;
export function once(event: AnyEvent, ...rest: Rest): Listener {
  return listener(event, rest, true);
}

type Rest = [Listener["handler"]] | [ListenOptions, Listener["handler"]];

function listener(event: AnyEvent, rest: Rest, once: boolean): Listener {
  const [{ priority = 0 }, handler] = rest.length === 2 ? rest : [{}, rest[0]];
  return { kind: "listener", pattern: patternOf(event), priority, once, handler };
}

/** @throws NX_EVENT_PATTERN */
export function patternOf(event: AnyEvent): string {
  if (typeof event !== "string") return event.name;
  const [last, ...others] = event.split(".").toReversed();
  if ((segment.test(last!) || last === "**") && others.every((one) => segment.test(one)))
    return event;
  throw new NexusError("NX_EVENT_PATTERN", `"${event}" is not a pattern of event names.`, {
    cure: "A * stands for one whole segment, a last ** for the rest: plugin.*.started, user.**.",
  });
}

const segment = /^(?:\*|[^\s*]+)$/;

/** The test of a pattern, made once. */
export function matcherOf(pattern: string): (name: string) => boolean {
  if (!pattern.includes("*")) return (name) => name === pattern;
  const source = pattern
    .split(".")
    .map((part) => (part === "**" ? ".+" : part === "*" ? "[^.]+" : RegExp.escape(part)));
  const expression = new RegExp(`^${source.join("\\.")}$`);
  return (name) => expression.test(name);
}
