import type { KnownRoute } from "./record.ts";
import type { Remember } from "./registry.ts";
import { stand } from "./stand.ts";
import type { Ground } from "./swap.ts";

/** Of those of which nothing more is known: closes what they once had, unless others have it now. */
export function closeLost(ground: Ground, memory: Remember | undefined): void {
  for (const record of ground.records.values()) {
    if (record.state !== "failed" || record.routes.length) continue;
    const { routes = [] } = memory?.(record.name) ?? {};
    const taken = new Set(ground.table.current.entries.map(shapeOf));
    record.known = routes.filter((route) => !taken.has(shapeOf(route)));
    stand(ground, record, "closed");
  }
}

/** Two routes of one shape are in each other's way, whatever they call their parameters. */
function shapeOf({ method, path }: KnownRoute): string {
  return `${method} ${path.replaceAll(/\{[^}]*\}/g, "{}")}`;
}
