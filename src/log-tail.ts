import { untilAborted } from "./waiting.ts";

/** A line of a log as it was written, with its number among those of its plugin. */
export interface LogLine {
  readonly number: number;
  /** JSON. */
  readonly text: string;
}

/** Lines that are kept of each plugin. */
export const mostLines = 1000;
/** Characters of them, and plugins that have any. */
const mostText = 500_000;
const mostPlugins = 200;

/** The last lines that were logged of each plugin, for whoever wants to see them. */
export class LogTail {
  readonly #kept = new Map<string, KeptLines>();

  /** Keeps a line when it is of a plugin. */
  keep(line: string): void {
    const plugin = pluginOf(line);
    if (plugin !== undefined) this.#of(plugin).add(line.trimEnd());
  }

  /** Those that are kept of a plugin and have a larger number, the oldest first. */
  since(plugin: string, number: number): LogLine[] {
    return this.#kept.get(plugin)?.since(number) ?? [];
  }

  /** The number of the newest one of a plugin; 0 before the first. */
  newest(plugin: string): number {
    return this.#kept.get(plugin)?.newest ?? 0;
  }

  /** Resolves when there is one with a larger number, or the signal fires. */
  async next(plugin: string, number: number, signal: AbortSignal): Promise<void> {
    const kept = this.#of(plugin);
    if (kept.newest > number) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    kept.waiting.add(resolve);
    await untilAborted(signal, promise);
    kept.waiting.delete(resolve);
  }

  #of(plugin: string): KeptLines {
    const known = this.#kept.get(plugin);
    if (known) return known;
    // Whoever logs may call anything a plugin.
    if (this.#kept.size >= mostPlugins) {
      const [unheard] = [...this.#kept].find(([, { waiting }]) => !waiting.size) ?? [];
      if (unheard !== undefined) this.#kept.delete(unheard);
    }
    const made = new KeptLines();
    this.#kept.set(plugin, made);
    return made;
  }
}

class KeptLines {
  readonly waiting = new Set<() => void>();
  /** A ring: the line of a number always has the same place. */
  readonly #ring: string[] = [];
  #oldest = 1;
  #newest = 0;
  #size = 0;

  get newest(): number {
    return this.#newest;
  }

  add(text: string): void {
    const { length } = text;
    this.#newest++;
    while (this.#oldest < this.#newest && (this.#isFull || this.#size + length > mostText)) {
      const place = this.#oldest++ % mostLines;
      this.#size -= this.#ring[place]!.length;
      this.#ring[place] = "";
    }
    if (length > mostText) {
      // Nobody gets it, and a gap in the numbers says so.
      this.#oldest = this.#newest + 1;
    } else {
      this.#ring[this.#newest % mostLines] = text;
      this.#size += length;
    }
    for (const wake of this.waiting) wake();
  }

  since(number: number): LogLine[] {
    const lines: LogLine[] = [];
    for (let at = Math.max(number + 1, this.#oldest); at <= this.#newest; at++)
      lines.push({ number: at, text: this.#ring[at % mostLines]! });
    return lines;
  }

  get #isFull(): boolean {
    return this.#newest - this.#oldest >= mostLines;
  }
}

/** A plugin's own log writes its name behind level and time. */
const own = /^\{"level":\d+,"time":\d+,"plugin":"([^"\\]+)"/;
const member = '"plugin":"';

function pluginOf(line: string): string | undefined {
  const [, name] = own.exec(line) ?? [];
  if (name !== undefined || !line.includes(member)) return name;
  // Whoever else writes of a plugin names it among other things; deeper down it says something else.
  const { plugin } = JSON.parse(line) as { readonly plugin?: unknown };
  return typeof plugin === "string" ? plugin : undefined;
}
