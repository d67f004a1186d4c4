import type { Report } from "./engine.ts";

/** Milliseconds between two writes. */
const pace = 200;
/** Characters that are kept of a message. */
const longest = 1000;
/** One that runs is never complete. */
const most = 0.99;

/** What a handler says of its progress, written as often as that is of use to anybody. */
export class Progress {
  readonly #write: (report: Report) => Promise<void>;
  #fraction: number;
  #message: string | undefined;
  #isDirty = false;
  #isOver = false;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;

  /** @param from what earlier attempts have come to */
  constructor(from: number, write: (report: Report) => Promise<void>) {
    this.#fraction = from;
    this.#write = write;
  }

  /** What was said last, for the end; nothing of it when nothing was said. */
  get last(): Partial<Report> {
    const message = this.#message;
    return { progress: this.#fraction, ...(message !== undefined && { message }) };
  }

  /** @returns whether it was a fraction */
  say(fraction: number, message?: string): boolean {
    if (this.#isOver) return true;
    // NaN is more than nothing.
    if (fraction > this.#fraction) this.#fraction = Math.min(fraction, most);
    if (message !== undefined) this.#message = message.slice(0, longest);
    this.#isDirty = true;
    if (!this.#timer && !this.#writing) this.#flush();
    return !(fraction > 1);
  }

  /** Nothing is written any more; resolves when what was being written is. */
  async end(): Promise<void> {
    this.#isOver = true;
    clearTimeout(this.#timer);
    await this.#writing;
  }

  #flush(): void {
    this.#isDirty = false;
    this.#timer = undefined;
    this.#writing = this.#write({ progress: this.#fraction, message: this.#message ?? null })
      // What is said next, or the end, writes it again.
      .catch(() => {})
      .finally(() => {
        this.#writing = undefined;
        if (!this.#isOver) this.#timer = setTimeout(() => this.#next(), pace).unref();
      });
  }

  #next(): void {
    if (this.#isDirty) this.#flush();
    else this.#timer = undefined;
  }
}
