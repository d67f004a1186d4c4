import { NexusError } from "../exceptions.ts";

/**
 * Puts names in an order in which each stands behind those that it needs; otherwise the given order
 * stays. Needs that are not among the names are passed over.
 * @throws NX_PLUGIN_RING naming the ring
 */
export function inOrder(
  names: readonly string[],
  needsOf: (name: string) => Iterable<string>,
): string[] {
  const all = new Set(names);
  const done = new Set<string>();
  const visit = (name: string, path: readonly string[]): void => {
    if (done.has(name)) return;
    if (path.includes(name)) {
      throw new PluginRing(path.slice(path.indexOf(name)));
    }
    for (const need of needsOf(name)) if (all.has(need)) visit(need, [...path, name]);
    done.add(name);
  };
  for (const name of names) visit(name, []);
  return [...done];
}

export class PluginRing extends NexusError {
  /** Each needs the next one, and the last one the first. */
  readonly ring: readonly string[];

  constructor(ring: readonly string[]) {
    const names = [...ring, ring[0]].join(" → ");
    super("NX_PLUGIN_RING", `Plugins need each other in a ring: ${names}.`, {
      cure: "Let one of them listen to an event instead, or move what both need into a third.",
    });
    this.ring = ring;
  }
}
