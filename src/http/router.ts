import { converters } from "./template.ts";
import { type Edge, type Entry, type Leaf, RouteTree, type TreeNode } from "./route-tree.ts";

export type { Entry } from "./route-tree.ts";

export type Match<E> =
  | { readonly entry: E; readonly params: Readonly<Record<string, string>> }
  /** The path is known, the method is not. */
  | { readonly entry?: undefined; readonly allow: readonly string[] }
  /** Only a converter stands between the path and an entry. */
  | { readonly entry?: undefined; readonly refused: Refused }
  | undefined;

export interface Refused {
  readonly name: string;
  readonly type: string;
  readonly msg: string;
  readonly input: string;
}

/**
 * A table of routes that never changes: adding and removing make a new one, and a request keeps the
 * one that it started with. The most specific path wins, segment by segment: literal, parameter
 * with text around it, typed parameter, plain parameter, the rest of the path.
 */
export class Router<E extends Entry> {
  readonly entries: readonly E[];
  readonly #tree: RouteTree<E>;

  /** @throws NX_ROUTE_CONFLICT naming both places */
  constructor(entries: readonly E[] = [], tree: RouteTree<E> = new RouteTree<E>(entries)) {
    this.entries = entries;
    this.#tree = tree;
  }

  with(entries: readonly E[]): Router<E> {
    return this.replace(new Set(), entries);
  }

  without(entries: ReadonlySet<E>): Router<E> {
    return this.replace(entries, []);
  }

  /** Without some and with others; what stays is shared. @throws NX_ROUTE_CONFLICT */
  replace(old: ReadonlySet<E>, next: readonly E[]): Router<E> {
    const gone = this.entries.filter((entry) => old.has(entry));
    const kept = gone.length ? this.entries.filter((entry) => !old.has(entry)) : this.entries;
    return new Router([...kept, ...next], this.#tree.change(gone, next));
  }

  /** @param path decoded, starting with a slash */
  match(method: string, path: string): Match<E> {
    const literal = this.#tree.literal.get(path)?.get(method);
    if (literal) return { entry: literal.entry, params: noParams };
    const walk = new Walk<E>(method, path);
    const leaf = walk.find(this.#tree.root, 1);
    if (leaf) return { entry: leaf.entry, params: named(leaf.names, walk.values) };
    if (walk.allow) return { allow: [...walk.allow].toSorted() };
    return walk.refused && { refused: walk.refused };
  }
}

/** One search, going back where a more specific branch leads nowhere. */
class Walk<E extends Entry> {
  readonly method: string;
  readonly path: string;
  readonly values: string[] = [];
  allow: Set<string> | undefined;
  refused: Refused | undefined;
  /** A converter has refused on the way here: the leaf does not count, but is worth a message. */
  #refusing: Refused | undefined;

  constructor(method: string, path: string) {
    this.method = method;
    this.path = path;
  }

  find(node: TreeNode<E>, start: number): Leaf<E> | undefined {
    if (start > this.path.length) return this.#arrive(node);
    const slash = this.path.indexOf("/", start);
    const end = slash < 0 ? this.path.length : slash;
    const text = this.path.slice(start, end);
    const literal = node.literals.get(text);
    const found = literal && this.find(literal, end + 1);
    if (found) return found;
    for (const edge of node.edges) {
      const leaf =
        edge.segment.converter === "path"
          ? this.#rest(edge, start)
          : this.#parameter(edge, text, end);
      if (leaf) return leaf;
    }
    return undefined;
  }

  #arrive(node: TreeNode<E>): Leaf<E> | undefined {
    const leaf = node.methods.get(this.method);
    if (this.#refusing) {
      if (leaf) this.refused ??= this.#refusing;
      return undefined;
    }
    if (!leaf) for (const method of node.methods.keys()) (this.allow ??= new Set()).add(method);
    return leaf;
  }

  #rest(edge: Edge<E>, start: number): Leaf<E> | undefined {
    return this.#try(edge, this.path.slice(start), this.path.length + 1);
  }

  #parameter(edge: Edge<E>, text: string, end: number): Leaf<E> | undefined {
    const { name, prefix, suffix, converter } = edge.segment;
    if (text.length <= prefix.length + suffix.length) return undefined;
    if (!text.startsWith(prefix) || !text.endsWith(suffix)) return undefined;
    const value = text.slice(prefix.length, text.length - suffix.length);
    const before = this.#refusing;
    const { fault } = converters[converter](value);
    if (fault) this.#refusing ??= { name, type: fault.type, msg: fault.msg, input: value };
    const leaf = this.#try(edge, value, end + 1);
    this.#refusing = before;
    return leaf;
  }

  #try(edge: Edge<E>, value: string, next: number): Leaf<E> | undefined {
    this.values.push(value);
    const leaf = this.find(edge.node, next);
    if (!leaf) this.values.pop();
    return leaf;
  }
}

const noParams: Readonly<Record<string, string>> = Object.freeze({});

function named(names: readonly string[], values: readonly string[]): Record<string, string> {
  // No prototype: a parameter may be called `constructor`.
  const params: Record<string, string> = Object.create(null);
  for (let at = 0; at < names.length; at++) params[names[at]!] = values[at]!;
  return params;
}
