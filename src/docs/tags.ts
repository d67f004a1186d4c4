import { findScope, key, type Scope } from "../scope.ts";
import type { TagMetadata } from "./document.ts";

let changes = 0;

/** The tags that somebody has described: of several descriptions of one the newest counts. */
class Tags {
  readonly #byName = new Map<string, TagMetadata[]>();

  find(name: string): TagMetadata | undefined {
    return this.#byName.get(name)?.at(-1);
  }

  /** Returns the undo. */
  add(tag: TagMetadata): () => void {
    const same = this.#byName.get(tag.name) ?? [];
    this.#byName.set(tag.name, same);
    same.push(tag);
    changes++;
    return () => {
      const at = same.lastIndexOf(tag);
      if (at >= 0) same.splice(at, 1);
      changes++;
    };
  }
}

const tagsKey = key<Tags>("nexus/tags");
/** What modules say when they are loaded, for all apps of the process. */
const everywhere = new Tags();

/**
 * Describes a tag in the documentation, which lists it as soon as a route has it. In a plugin, as in
 * its `start`, it is forgotten with the plugin; at the top of a module it stays. A second
 * description of a tag replaces the first.
 * @returns the undo
 */
export function addTagMetadata(tag: TagMetadata): () => void {
  const scope = findScope();
  if (!scope) return everywhere.add(tag);
  const remove = ownTags(scope.root).add(tag);
  (scope.nearest("plugin") ?? scope.root).defer(remove);
  return remove;
}

/** What is said of a tag in an app. */
export function findTag(app: Scope, name: string): TagMetadata | undefined {
  return app.find(tagsKey)?.find(name) ?? everywhere.find(name);
}

/** Another number whenever a description has come or gone. */
export function tagChanges(): number {
  return changes;
}

function ownTags(app: Scope): Tags {
  const known = app.find(tagsKey);
  if (known) return known;
  const tags = new Tags();
  app.provide(tagsKey, tags);
  return tags;
}
