import { eventsKey } from "../events/index.ts";
import { logKey } from "../log.ts";
import { newsPatience, within } from "./deadline.ts";
import type { Surroundings } from "./unit.ts";

/** Tells everybody what has become of a plugin; a listener that never ends holds nobody up. */
export async function tellNews(
  { app, startTimeout = newsPatience }: Pick<Surroundings, "app" | "startTimeout">,
  event: string,
  data: object,
): Promise<void> {
  try {
    const telling = app.run(() => app.get(eventsKey).publish(event, data));
    await within(Math.min(startTimeout, newsPatience), `A listener of "${event}"`, telling);
  } catch (error) {
    app.get(logKey).warn({ err: error }, "Not everybody has heard of it");
  }
}

export function tellStopped(around: Parameters<typeof tellNews>[0], plugin: string): Promise<void> {
  return tellNews(around, `plugin.${plugin}.stopped`, { plugin });
}
