import { fileURLToPath } from "node:url";
import type { EvaluatedModuleNode, EvaluatedModules } from "vite/module-runner";

/** The file of a module, which is known by the path of its URL. */
export function fileOf(id: string): string {
  return fileURLToPath(new URL(id, "file:///"));
}

/**
 * Forgets modules of which something says that they are stale, and all that import them.
 * @returns their files
 */
export function forgetModules(
  graph: EvaluatedModules,
  isStale: (file: string, id: string) => boolean,
): string[] {
  const stale = new Set<EvaluatedModuleNode>();
  const visit = (node: EvaluatedModuleNode | undefined): void => {
    if (!node || stale.has(node)) return;
    stale.add(node);
    for (const importer of node.importers) visit(graph.getModuleById(importer));
  };
  const modules = [...graph.idToModuleMap.values()].filter(({ id }) => id.startsWith("/"));
  for (const module of modules) if (isStale(fileOf(module.id), module.id)) visit(module);
  for (const module of stale) {
    // What it imports anew is noted anew.
    for (const id of module.imports) graph.getModuleById(id)?.importers.delete(module.id);
    graph.invalidateModule(module);
  }
  return [...stale].map(({ id }) => fileOf(id));
}
