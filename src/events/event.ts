import { NexusError } from "../exceptions.ts";
import type { In, Out, Schema } from "../validation/index.ts";

/** Something that can happen: its dotted name, and the schema of what is told about it. */
export interface EventType<In, Out> {
  readonly kind: "event";
  readonly name: string;
  readonly schema: Schema<In, Out>;
}

/**
 * @param name words with dots between them: `user.created`
 * @throws NX_EVENT_NAME
 */
export function event<S extends Schema>(name: string, schema: S): EventType<In<S>, Out<S>> {
  if (!/^[^\s.*]+(\.[^\s.*]+)*$/.test(name)) {
    throw new NexusError("NX_EVENT_NAME", `"${name}" cannot name an event.`, {
      cure: "Use words with dots between them, as in user.created.",
    });
  }
  // The compiler cannot see that a schema is a schema of what it takes and makes.
  return { kind: "event", name, schema: schema as Schema<In<S>, Out<S>> };
}
