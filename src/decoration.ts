// Node has no Symbol.metadata yet; a decorated class needs it before it is evaluated.
(Symbol as { metadata?: symbol }).metadata ??= Symbol.for("Symbol.metadata");

/** Of the decorator's context only what a decorator needs: the whole of it picks the wrong overload. */
export type MethodContext = Pick<ClassMethodDecoratorContext, "kind" | "name" | "metadata">;
export type AnyMethod = (this: never, ...args: never[]) => unknown;

declare const mistake: unique symbol;
/** A mistake as a type: no value has it, and the compiler prints the sentence. */
export interface Mistake<Sentence extends string> {
  readonly [mistake]: Sentence;
}
export interface Expected<Sentence extends string, Type> {
  readonly [mistake]: [Sentence, Type];
}

/** A decorator for methods only: on a field that is a route, what it returns is a mistake. */
export type Decorator = <F extends AnyMethod | undefined>(
  method: F,
  context: MethodContext | ClassFieldDecoratorContext,
) => F extends AnyMethod ? void : Mistake<"for methods: a field route says this in its spec">;

/** One thing that a decorator has said of a method. */
export interface Mark {
  readonly kind: string;
}
export interface Decoration {
  readonly member: string | symbol;
  readonly marks: Mark[];
}

const decorations = Symbol.for("nexus.decorations");
type Metadata = { [decorations]?: Decoration[] };

/** Notes something of a decorated method. */
export function decorate(context: Pick<MethodContext, "name" | "metadata">, mark: Mark): void {
  const metadata = context.metadata as Metadata;
  // A subclass sees its parent's list through the prototype: it needs one of its own.
  if (!Object.hasOwn(metadata, decorations)) metadata[decorations] = [];
  const own = metadata[decorations]!;
  const known = own.find(({ member }) => member === context.name);
  if (known) known.marks.push(mark);
  else own.push({ member: context.name, marks: [mark] });
}

/** What is noted of a class's methods, its parents' first; a method that a subclass decorates anew counts once. */
export function decorationsOf(type: Function): Decoration[] {
  const found = new Map<string | symbol, Decoration>();
  const parent: unknown = Object.getPrototypeOf(type);
  if (typeof parent === "function")
    for (const one of decorationsOf(parent)) found.set(one.member, one);
  const metadata = Object.getOwnPropertyDescriptor(type, Symbol.metadata)?.value as
    | Metadata
    | undefined;
  if (metadata && Object.hasOwn(metadata, decorations)) {
    for (const one of metadata[decorations]!) found.set(one.member, one);
  }
  return [...found.values()];
}
