import { NexusError } from "../exceptions.ts";
import { converters, parseTemplate, type Segment, shapeOf } from "./template.ts";

/** Something to be found by method and path. */
export interface Entry {
  readonly method: string;
  readonly path: string;
  /** Where it was declared, for messages. */
  readonly place: string;
}

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
  readonly #root = new Node<E>();
  /** Paths without parameters, found in one step: nothing is more specific. */
  readonly #literal = new Map<string, Node<E>>();

  /** @throws NX_ROUTE_CONFLICT naming both places */
  constructor(entries: readonly E[] = []) {
    this.entries = entries;
    for (const entry of entries) this.#insert(entry);
  }

  with(entries: readonly E[]): Router<E> {
    return new Router([...this.entries, ...entries]);
  }

  without(entries: ReadonlySet<E>): Router<E> {
    return new Router(this.entries.filter((entry) => !entries.has(entry)));
  }

  /** @param path decoded, starting with a slash */
  match(method: string, path: string): Match<E> {
    const literal = this.#literal.get(path)?.methods.get(method);
    if (literal) return { entry: literal.entry, params: noParams };
    const walk = new Walk<E>(method, path);
    const leaf = walk.find(this.#root, 1);
    if (leaf) return { entry: leaf.entry, params: named(leaf.names, walk.values) };
    if (walk.allow.size) return { allow: [...walk.allow].toSorted() };
    return walk.refused && { refused: walk.refused };
  }

  #insert(entry: E): void {
    const segments = parseTemplate(entry.path);
    let node = this.#root;
    for (const segment of segments) node = node.child(segment, entry);
    const names = segments.flatMap((part) => (part.kind === "parameter" ? part.name : []));
    node.put(entry, names);
    if (!names.length) this.#literal.set(entry.path, node);
  }
}

interface Leaf<E> {
  readonly entry: E;
  readonly names: readonly string[];
  /** A GET that answers HEAD until somebody declares one. */
  readonly implied: boolean;
}

interface Edge<E extends Entry> {
  readonly segment: Segment & { kind: "parameter" };
  readonly node: Node<E>;
  readonly first: Entry;
}

class Node<E extends Entry> {
  readonly literals = new Map<string, Node<E>>();
  /** Most specific first. */
  readonly edges: Edge<E>[] = [];
  readonly methods = new Map<string, Leaf<E>>();

  child(segment: Segment, entry: E): Node<E> {
    if (segment.kind === "literal") {
      const known = this.literals.get(segment.text) ?? new Node<E>();
      this.literals.set(segment.text, known);
      return known;
    }
    const same = this.edges.find(
      (edge) => rank(edge.segment) === rank(segment) && overlap(edge.segment, segment),
    );
    if (same) {
      if (shapeOf([same.segment]) !== shapeOf([segment])) {
        throw conflict(entry, same.first, "have equally specific parameters on one segment");
      }
      return same.node;
    }
    const edge = { segment, node: new Node<E>(), first: entry };
    this.edges.push(edge);
    this.edges.sort((a, b) => rank(b.segment) - rank(a.segment));
    return edge.node;
  }

  put(entry: E, names: readonly string[]): void {
    const known = this.methods.get(entry.method);
    if (known && !known.implied) throw conflict(entry, known.entry, "answer the same requests");
    this.methods.set(entry.method, { entry, names, implied: false });
    if (entry.method === "GET" && !this.methods.has("HEAD")) {
      this.methods.set("HEAD", { entry, names, implied: true });
    }
  }
}

/** Text around a parameter makes it more specific, and so does a type. */
function rank({ prefix, suffix, converter }: Segment & { kind: "parameter" }): number {
  const type = converter === "path" ? 0 : converter === "str" ? 1 : 2;
  return (prefix.length + suffix.length) * 3 + type;
}

/** Whether some text could fit both; texts of one length that differ never do. */
function overlap(a: Segment & { kind: "parameter" }, b: Segment & { kind: "parameter" }): boolean {
  const [short, long] = a.prefix.length < b.prefix.length ? [a, b] : [b, a];
  return (
    long.prefix.startsWith(short.prefix) &&
    (a.suffix.endsWith(b.suffix) || b.suffix.endsWith(a.suffix))
  );
}

function conflict(entry: Entry, other: Entry, what: string): NexusError {
  const name = (one: Entry): string => `${one.method} ${one.path} (${one.place})`;
  return new NexusError("NX_ROUTE_CONFLICT", `${name(other)} and ${name(entry)} ${what}.`, {
    cure: "Change one of the two paths.",
  });
}

/** One search, going back where a more specific branch leads nowhere. */
class Walk<E extends Entry> {
  readonly method: string;
  readonly path: string;
  readonly values: string[] = [];
  readonly allow = new Set<string>();
  refused: Refused | undefined;
  /** A converter has refused on the way here: the leaf does not count, but is worth a message. */
  #refusing: Refused | undefined;

  constructor(method: string, path: string) {
    this.method = method;
    this.path = path;
  }

  find(node: Node<E>, start: number): Leaf<E> | undefined {
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

  #arrive(node: Node<E>): Leaf<E> | undefined {
    const leaf = node.methods.get(this.method);
    if (this.#refusing) {
      if (leaf) this.refused ??= this.#refusing;
      return undefined;
    }
    if (!leaf) for (const method of node.methods.keys()) this.allow.add(method);
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
  for (const [at, name] of names.entries()) params[name] = values[at]!;
  return params;
}
