import { NexusError } from "../exceptions.ts";
import { currentScope } from "../scope.ts";
import { itemsOf, validatorOf } from "../validation/index.ts";
import { eventsKey } from "./bus.ts";
import type { EventType } from "./event.ts";

/**
 * Tells every listener, the highest priority first, and waits for them. One that fails is logged;
 * you and the others do not notice.
 * @throws NX_EVENT_DATA when the data does not fit the event's schema
 */
export async function emit<In>(event: EventType<In, unknown>, data: NoInfer<In>): Promise<void> {
  const events = currentScope("emit()").get(eventsKey);
  const result = await validatorOf(event.schema)(data);
  if (result.issues) {
    const faults = itemsOf(result.issues, [], data).map(({ loc, msg }) =>
      loc.length ? `${loc.join(".")}: ${msg}` : msg,
    );
    throw new NexusError(
      "NX_EVENT_DATA",
      `"${event.name}" was emitted with data that does not fit:`,
      {
        cure: `${faults.join("; ")}.`,
      },
    );
  }
  await events.publish(event.name, result.value);
}
