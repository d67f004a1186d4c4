import type { Context } from "../context.ts";
import { HTTPException } from "../exceptions.ts";
import { UploadFile } from "../message/index.ts";
import { Draft, type Room } from "./draft.ts";
import { type FileRules, mostFiles } from "./file-field.ts";
import { checkType, FileTypeFinder } from "./file-type.ts";
import type { Part } from "./multipart.ts";
import { Spool } from "./spool.ts";

/** Bytes of all files of one request that stay in memory. */
const mostInMemory = 1024 * 1024;

/** The files of one request: refused while they arrive, and gone when it ends. */
export class Uploads {
  readonly #context: Context;
  readonly #rules: ReadonlyMap<string, FileRules>;
  readonly #kept = new Map<string, UploadFile[]>();
  readonly #others = new Set<string>();
  readonly #room: Room = { left: mostInMemory };
  #count = 0;
  #isGone = false;

  constructor(context: Context, rules: ReadonlyMap<string, FileRules>) {
    this.#context = context;
    this.#rules = rules;
    if (rules.size) context.defer(() => this.discard());
  }

  /** The files under a name. */
  of(name: string): readonly UploadFile[] {
    return this.#kept.get(name) ?? [];
  }

  /** Whether a file came under a name that is none of a file. */
  isStray(name: string): boolean {
    return this.#others.has(name);
  }

  /** @throws 400 413 415, as soon as it can be known */
  async take(part: Part, filename: string): Promise<void> {
    if (++this.#count > mostFiles) throw tooMany(`Maximum number of files is ${mostFiles}.`);
    const rules = this.#rules.get(part.name);
    // A browser sends a part without name and content for an input that was left empty.
    let isThere = filename !== "";
    if (isThere) this.#admit(part, rules);
    const finder = new FileTypeFinder(part, rules);
    const draft = new Draft(
      () => Spool.of(this.#context),
      this.#room,
      (beginning) => finder.look(beginning),
    );
    try {
      for await (const piece of part.content) {
        if (!isThere) this.#admit(part, rules);
        isThere = true;
        if (!rules) return;
        if (draft.size + piece.byteLength > rules.maxSize) throw tooLarge(part.name, rules.maxSize);
        await draft.add(piece);
        // Its time was up, and another answer is on its way.
        if (this.#isOver) throw new HTTPException(503);
      }
      if (!isThere || !rules) return;
      const content = await draft.finish();
      const { contentType } = finder;
      const { size } = draft;
      await this.#keep(part.name, new UploadFile({ filename, contentType, size, content }), rules);
    } catch (error) {
      await draft.discard();
      throw error;
    }
  }

  /** Removes them all, and what is still to come. */
  async discard(): Promise<void> {
    this.#isGone = true;
    const files = [...this.#kept.values()].flat();
    // One that cannot be removed keeps none of the others.
    const ends = await Promise.allSettled(files.map((file) => file[Symbol.asyncDispose]()));
    const failures = ends.flatMap((end) => (end.status === "rejected" ? [end.reason] : []));
    if (failures.length) throw new AggregateError(failures, "Uploaded files could not be removed.");
  }

  get #isOver(): boolean {
    return this.#isGone || this.#context.error !== undefined;
  }

  #admit({ name, contentType }: Part, rules: FileRules | undefined): void {
    if (!rules) {
      this.#others.add(name);
      return;
    }
    if (rules.many && this.of(name).length >= rules.max) throw tooMany(`(max ${rules.max})`);
    checkType(name, rules, contentType);
  }

  async #keep(name: string, file: UploadFile, { many }: FileRules): Promise<void> {
    const known = this.#kept.get(name);
    if (known && many) known.push(file);
    else this.#kept.set(name, [file]);
    if (this.#isOver) await file[Symbol.asyncDispose]();
    if (known && !many) await known[0]![Symbol.asyncDispose]();
  }
}

function tooMany(what: string): HTTPException {
  const dot = what.startsWith("(") ? "" : ".";
  return new HTTPException(400, `Too many files${dot} ${what}`, { errorCode: "TOO_MANY_FILES" });
}

function tooLarge(name: string, limit: number): HTTPException {
  return new HTTPException(413, `The file in "${name}" is larger than ${limit} bytes`, {
    errorCode: "FILE_TOO_LARGE",
  });
}
