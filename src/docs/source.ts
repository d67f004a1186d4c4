import { parseSync } from "oxc-parser";
import { type Comment, parseComment } from "./comment.ts";

/** A member of a class, with the doc comment above it, if it has one. */
export interface DocumentedMember {
  /** The class; `default` for one without a name. */
  readonly owner: string;
  readonly member: string;
  /** Its lines, from 1. */
  readonly first: number;
  readonly last: number;
  readonly comment: Comment | undefined;
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [member: string]: unknown;
}

/**
 * The members of all classes in a TypeScript or JavaScript file.
 * @throws SyntaxError
 */
export function documentedMembers(file: string, source: string): DocumentedMember[] {
  const { program, comments, errors } = parseSync(file, source, { sourceType: "module" });
  if (errors.length) throw new SyntaxError(errors[0]!.message);
  const text = new Text(
    source,
    comments.filter(({ type, value }) => type === "Block" && value.startsWith("*")),
  );
  return classesIn(program as unknown as Node, "default").flatMap(([owner, type]) =>
    membersOf(owner, type, text),
  );
}

/** Classes with their names, at any depth: a test may declare one in a function. */
function classesIn(node: Node, name: string): [string, Node][] {
  const found: [string, Node][] = [];
  const isClass = node.type === "ClassDeclaration" || node.type === "ClassExpression";
  if (isClass) found.push([nameOf(node["id"]) ?? name, node]);
  const inner =
    node.type === "VariableDeclarator" ? (nameOf(node["id"]) ?? name) : isClass ? "default" : name;
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value])
      if (isNode(child)) found.push(...classesIn(child, inner));
  }
  return found;
}

function membersOf(owner: string, type: Node, text: Text): DocumentedMember[] {
  const { body } = type["body"] as { readonly body: readonly Node[] };
  return body.flatMap((member): DocumentedMember[] => {
    const key = member["key"] as Node | undefined;
    const name = key && nameOf(key);
    if (!key || name === undefined || member["static"] === true || member["computed"] === true)
      return [];
    const decorators = (member["decorators"] ?? []) as readonly Node[];
    const start = Math.min(member.start, ...decorators.map((one) => one.start));
    const afterDecorators = decorators.length ? text.skipSpace(decorators.at(-1)!.end) : start;
    const comment =
      text.commentBefore(start) ??
      text.commentBefore(afterDecorators) ??
      text.commentBefore(key.start);
    return [
      { owner, member: name, first: text.lineOf(start), last: text.lineOf(member.end), comment },
    ];
  });
}

function nameOf(node: unknown): string | undefined {
  if (!isNode(node)) return undefined;
  if (node.type === "Identifier") return node["name"] as string;
  return node.type === "Literal" && typeof node["value"] === "string" ? node["value"] : undefined;
}

function isNode(value: unknown): value is Node {
  return typeof (value as Partial<Node> | null | undefined)?.type === "string";
}

interface Block {
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

/** The text of a file, with its doc comments. */
class Text {
  readonly #source: string;
  readonly #byEnd: ReadonlyMap<number, Block>;
  readonly #lines: readonly number[];

  constructor(source: string, comments: readonly Block[]) {
    this.#source = source;
    this.#byEnd = new Map(comments.map((comment) => [comment.end, comment]));
    this.#lines = [...source.matchAll(/\n/g)].map(({ index }) => index);
  }

  /** The nearest doc comment that ends there, or before the white space there. */
  commentBefore(at: number): Comment | undefined {
    let end = at;
    while (end > 0 && /\s/.test(this.#source[end - 1]!)) end--;
    const block = this.#byEnd.get(end);
    return block && parseComment(block.value);
  }

  skipSpace(at: number): number {
    let next = at;
    while (next < this.#source.length && /\s/.test(this.#source[next]!)) next++;
    return next;
  }

  lineOf(at: number): number {
    // The number of line ends before it, found by halves.
    let low = 0;
    let high = this.#lines.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#lines[middle]! < at) low = middle + 1;
      else high = middle;
    }
    return low + 1;
  }
}
