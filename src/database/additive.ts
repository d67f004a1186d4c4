import { outside, split, Words, wordsOf } from "./sql-words.ts";

/**
 * Tells which statements of a migration leave the code before it able to go on. What is not known to is
 * taken not to.
 */
export class Additive {
  readonly #existing: ReadonlySet<string>;
  /** Tables and views that no other code knows yet. */
  readonly #made = new Set<string>();

  /** @param existing the tables and views that are there before the first statement */
  constructor(existing: readonly string[]) {
    this.#existing = new Set(existing.map((name) => name.toLowerCase()));
  }

  /** @returns why a statement is not additive, as what follows "it"; undefined: it is */
  against(sql: string): string | undefined {
    return this.#check(wordsOf(sql.replace(/[\s;]+$/, "")));
  }

  #check(all: readonly string[]): string | undefined {
    const words = new Words(all);
    let verb = words.read();
    if (verb === "with") verb = words.find("select", "insert", "replace", "update", "delete");
    if (verb === "create") return this.#create(words);
    if (all.includes(";")) return "is several statements in one";
    switch (verb) {
      case "select":
      case "values":
        return undefined;
      case "insert":
      case "update":
      case "replace":
        return this.#write(verb, words);
      case "delete":
        words.take("from");
        return this.#unlessMade(words.name(), "deletes rows of");
      case "alter":
        return this.#alter(words);
      case "drop":
        return this.#drop(words);
    }
    return unknown;
  }

  #write(verb: string, words: Words): string | undefined {
    const replaces = words.take("or", "replace") || verb === "replace";
    if (!replaces) return undefined;
    words.take("into");
    return this.#unlessMade(words.name(), "may replace rows of");
  }

  #create(words: Words): string | undefined {
    if (!words.take("temp")) words.take("temporary");
    words.take("virtual");
    const isUnique = words.take("unique");
    const kind = words.read();
    if (kind !== "trigger" && words.rest.includes(";")) return "is several statements in one";
    switch (kind) {
      case "table":
      case "view": {
        words.take("if", "not", "exists");
        const name = words.name();
        // A temporary one may hide one that is there.
        if (!this.#existing.has(name)) this.#made.add(name);
        return undefined;
      }
      case "index":
        words.find("on");
        return isUnique ? this.#unlessMade(words.name(), "makes a unique index on") : undefined;
      case "trigger":
        return this.#trigger(words);
    }
    return unknown;
  }

  /** What old code writes goes through it too. */
  #trigger(words: Words): string | undefined {
    words.find("on");
    if (this.#made.has(words.name())) return undefined;
    if (words.rest.includes("raise")) return "makes a trigger that may refuse what old code writes";
    words.find("begin");
    const body = split(words.rest.slice(0, -1), ";").filter((statement) => statement.length);
    const reason = body.map((statement) => this.#check(statement)).find(Boolean);
    return reason && `makes a trigger that ${reason}`;
  }

  #alter(words: Words): string | undefined {
    if (!words.take("table")) return unknown;
    const table = words.name();
    if (this.#made.has(table)) {
      if (words.take("rename", "to")) this.#made.add(words.name());
      return undefined;
    }
    return split(words.rest, ",")
      .map((part) => changeOf(table, new Words(part)))
      .find(Boolean);
  }

  #drop(words: Words): string | undefined {
    const kind = words.read();
    words.take("if", "exists");
    const name = words.name();
    return kind === "table" || kind === "view"
      ? this.#unlessMade(name, "drops")
      : `drops the ${kind} "${name}"`;
  }

  #unlessMade(name: string, does: string): string | undefined {
    return this.#made.has(name) ? undefined : `${does} "${name}"`;
  }
}

/** What is wrong with one part of an `alter table`. */
function changeOf(table: string, words: Words): string | undefined {
  if (!words.take("add")) return `changes "${table}" otherwise than by adding columns`;
  if (!words.take("column") && constraints.has(words.next ?? "")) {
    return `adds a constraint to "${table}"`;
  }
  const name = words.name();
  const definition = outside(words.rest);
  if (definition.includes("unique") || definition.includes("primary")) {
    return `adds the unique column "${name}" to "${table}"`;
  }
  const isRequired = definition.some((word, at) => word === "not" && definition[at + 1] === "null");
  const isFilled = ["default", "generated", "as"].some((word) => definition.includes(word));
  return isRequired && !isFilled
    ? `adds the column "${name}" to "${table}", which is not null and has no default`
    : undefined;
}

const constraints: ReadonlySet<string> = new Set([
  "constraint",
  "primary",
  "unique",
  "foreign",
  "check",
]);
const unknown = "is no statement that is known to be additive";
