import { NexusError } from "../exceptions.ts";
import { parseTemplate, type Segment, shapeOf } from "./template.ts";

/** Something to be found by method and path. */
export interface Entry {
  readonly method: string;
  readonly path: string;
  /** Where it was declared, for messages. */
  readonly place: string;
}

export interface Leaf<E> {
  readonly entry: E;
  readonly names: readonly string[];
  /** A GET that answers HEAD until somebody declares one. */
  readonly implied: boolean;
}

type Parameter = Segment & { kind: "parameter" };
type Leaves<E> = ReadonlyMap<string, Leaf<E>>;

/** Routes by the segments of their paths. A change makes another tree, which shares what is the same. */
export class RouteTree<E extends Entry> {
  #root: TreeNode<E>;
  /** Paths without parameters, found in one step: nothing is more specific. */
  readonly #literal: Map<string, Leaves<E>>;

  /** @throws NX_ROUTE_CONFLICT */
  constructor(entries: readonly E[] = [], from?: RouteTree<E>) {
    this.#root = from ? from.#root : new TreeNode<E>({});
    this.#literal = new Map(from ? from.#literal : []);
    const maker = {};
    for (const entry of entries) this.#insert(entry, maker);
  }

  get root(): TreeNode<E> {
    return this.#root;
  }

  get literal(): ReadonlyMap<string, Leaves<E>> {
    return this.#literal;
  }

  /** @throws NX_ROUTE_CONFLICT naming both places; this one stays as it is in any case */
  change(gone: readonly E[], next: readonly E[]): RouteTree<E> {
    if (!gone.length) return new RouteTree(next, this);
    const without = new RouteTree<E>([], this);
    const maker = {};
    for (const entry of gone) without.#remove(entry, maker);
    for (const entry of next) without.#insert(entry, maker);
    return without;
  }

  #insert(entry: E, maker: object): void {
    const segments = parseTemplate(entry.path);
    this.#root = this.#root.own(maker);
    let node = this.#root;
    for (const segment of segments) node = node.child(segment, entry, maker);
    const names = segments.flatMap((part) => (part.kind === "parameter" ? part.name : []));
    node.put(entry, names);
    if (!names.length) this.#literal.set(entry.path, node.methods);
  }

  #remove(entry: E, maker: object): void {
    const segments = parseTemplate(entry.path);
    this.#root = this.#root.own(maker);
    const nodes = [this.#root];
    for (const segment of segments) nodes.push(nodes.at(-1)!.child(segment, entry, maker));
    const last = nodes.at(-1)!;
    last.take(entry);
    if (segments.every(({ kind }) => kind === "literal")) {
      if (last.methods.size) this.#literal.set(entry.path, last.methods);
      else this.#literal.delete(entry.path);
    }
    for (let at = segments.length; at > 0 && nodes[at]!.isEmpty; at--)
      nodes[at - 1]!.prune(segments[at - 1]!);
  }
}

export interface Edge<E extends Entry> {
  readonly segment: Parameter;
  readonly node: TreeNode<E>;
}

export class TreeNode<E extends Entry> {
  readonly literals: Map<string, TreeNode<E>>;
  /** Most specific first. */
  readonly edges: Edge<E>[];
  readonly methods: Map<string, Leaf<E>>;
  /** Who has made it may change it; everybody else copies it. */
  readonly #maker: object;

  constructor(maker: object, from?: TreeNode<E>) {
    this.#maker = maker;
    this.literals = new Map(from?.literals);
    this.edges = [...(from?.edges ?? [])];
    this.methods = new Map(from?.methods);
  }

  own(maker: object): TreeNode<E> {
    return this.#maker === maker ? this : new TreeNode(maker, this);
  }

  get isEmpty(): boolean {
    return !this.methods.size && !this.edges.length && !this.literals.size;
  }

  /** The node of a segment, made or copied. @throws NX_ROUTE_CONFLICT */
  child(segment: Segment, entry: E, maker: object): TreeNode<E> {
    if (segment.kind === "literal") {
      const known = this.literals.get(segment.text)?.own(maker) ?? new TreeNode<E>(maker);
      this.literals.set(segment.text, known);
      return known;
    }
    const at = this.edges.findIndex(
      (edge) => rank(edge.segment) === rank(segment) && overlap(edge.segment, segment),
    );
    const same = this.edges[at];
    if (same) {
      if (shapeOf([same.segment]) !== shapeOf([segment])) {
        const first = anyOf(same.node)!;
        throw conflict(entry, first, "have equally specific parameters on one segment");
      }
      const node = same.node.own(maker);
      this.edges[at] = { ...same, node };
      return node;
    }
    const edge = { segment, node: new TreeNode<E>(maker) };
    this.edges.push(edge);
    this.edges.sort((a, b) => rank(b.segment) - rank(a.segment));
    return edge.node;
  }

  prune(segment: Segment): void {
    if (segment.kind === "literal") this.literals.delete(segment.text);
    else {
      const shape = shapeOf([segment]);
      const at = this.edges.findIndex((edge) => shapeOf([edge.segment]) === shape);
      this.edges.splice(at, 1);
    }
  }

  /** @throws NX_ROUTE_CONFLICT */
  put(entry: E, names: readonly string[]): void {
    const known = this.methods.get(entry.method);
    if (known && !known.implied) throw conflict(entry, known.entry, "answer the same requests");
    this.methods.set(entry.method, { entry, names, implied: false });
    if (entry.method === "GET" && !this.methods.has("HEAD")) {
      this.methods.set("HEAD", { entry, names, implied: true });
    }
  }

  take({ method }: E): void {
    this.methods.delete(method);
    if (method === "GET" && this.methods.get("HEAD")?.implied) this.methods.delete("HEAD");
    const get = method === "HEAD" ? this.methods.get("GET") : undefined;
    if (get) this.methods.set("HEAD", { ...get, implied: true });
  }
}

/** Some route at or below a node. */
function anyOf<E extends Entry>({ methods, literals, edges }: TreeNode<E>): E | undefined {
  for (const { entry } of methods.values()) return entry;
  for (const node of [...literals.values(), ...edges.map((edge) => edge.node)]) {
    const found = anyOf(node);
    if (found) return found;
  }
  return undefined;
}

/** Text around a parameter makes it more specific, and so does a type. */
function rank({ prefix, suffix, converter }: Parameter): number {
  const type = converter === "path" ? 0 : converter === "str" ? 1 : 2;
  return (prefix.length + suffix.length) * 3 + type;
}

/** Whether some text could fit both; texts of one length that differ never do. */
function overlap(a: Parameter, b: Parameter): boolean {
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
