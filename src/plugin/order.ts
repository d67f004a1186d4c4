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
      const ring = [...path.slice(path.indexOf(name)), name].join(" → ");
      throw new NexusError("NX_PLUGIN_RING", `Plugins need each other in a ring: ${ring}.`, {
        cure: "Let one of them listen to an event instead, or move what both need into a third.",
      });
    }
    for (const need of needsOf(name)) if (all.has(need)) visit(need, [...path, name]);
    done.add(name);
  };
  for (const name of names) visit(name, []);
  return [...done];
}
