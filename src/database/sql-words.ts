/** The words of a statement, one after the other. */
export class Words {
  readonly #words: readonly string[];
  #at = 0;

  constructor(words: readonly string[]) {
    this.#words = words;
  }

  get next(): string | undefined {
    return this.#words[this.#at];
  }

  get rest(): readonly string[] {
    return this.#words.slice(this.#at);
  }

  /** Goes past these words when they come next. */
  take(...words: readonly string[]): boolean {
    if (!words.every((word, index) => this.#words[this.#at + index] === word)) return false;
    this.#at += words.length;
    return true;
  }

  /** Goes past the next word. */
  read(): string | undefined {
    return this.#words[this.#at++];
  }

  /** Goes past the next of these words, which stands outside of brackets. */
  find(...words: readonly string[]): string | undefined {
    for (let depth = 0; this.#at < this.#words.length; this.#at++) {
      const word = this.#words[this.#at]!;
      if (word === "(") depth++;
      else if (word === ")") depth--;
      else if (depth === 0 && words.includes(word)) return this.read();
    }
    return undefined;
  }

  /** Goes past a name, and past the schema before it. */
  name(): string {
    let name = this.read();
    while (this.take(".")) name = this.read();
    return bare(name ?? "");
  }
}

/** Words in lower case, names in double quotes where they had any; what is in brackets stays in them. */
export function wordsOf(sql: string): string[] {
  return Array.from(sql.matchAll(word), ([found]) => {
    const text = found.toLowerCase();
    return /^[`[]/.test(text) ? `"${text.slice(1, -1)}"` : text;
  }).filter((found) => !/^(--|\/\*)/.test(found));
}

/** Cuts at a word that stands outside of brackets. */
export function split(words: readonly string[], at: string): string[][] {
  const parts: string[][] = [[]];
  let depth = 0;
  for (const word of words) {
    if (word === "(") depth++;
    if (word === ")") depth--;
    if (word === at && depth === 0) parts.push([]);
    else parts.at(-1)!.push(word);
  }
  return parts;
}

/** What stands outside of brackets. */
export function outside(words: readonly string[]): string[] {
  let depth = 0;
  return words.filter((word) => {
    if (word === ")") depth--;
    const isOutside = depth === 0;
    if (word === "(") depth++;
    return isOutside && word !== "(" && word !== ")";
  });
}

const bare = (name: string): string =>
  /^["'].*["']$/s.test(name) ? name.slice(1, -1).replaceAll('""', '"') : name;

/** A comment, a text, a quoted name, a word, or a sign. */
const word =
  /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]|[\p{L}\p{N}_$]+|\S/gu;
