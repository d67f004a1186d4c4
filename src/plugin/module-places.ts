import { readdirSync, realpathSync } from "node:fs";
import { basename, dirname, join, relative, resolve, sep } from "node:path";

/** The files and folders that stand in a folder of plugins, each with what is in it; links lead elsewhere. */
export class Places {
  readonly #folder: string;
  #real = "";
  /** The places that are links, by what they lead to. */
  #links: ReadonlyMap<string, string> = new Map();

  constructor(folder: string) {
    this.#folder = resolve(folder);
    this.read();
  }

  /** Looks again where the links lead. */
  read(): void {
    this.#real = realOf(this.#folder);
    this.#links = new Map(linksIn(this.#folder).map((place) => [realOf(place), place]));
  }

  /** The place of a file, given by its real path; none for those of `node_modules`, and elsewhere. */
  find(file: string): string | undefined {
    for (const [real, place] of this.#links) if (isWithin(real, file)) return place;
    return this.#within(this.#real, file);
  }

  /** The places of some files, by their paths as they are written or as they really lead. */
  of(files: readonly string[]): string[] {
    const places = files.flatMap((file) => [this.#within(this.#folder, file), this.find(file)]);
    return [...new Set(places)].filter((place) => place !== undefined);
  }

  #within(folder: string, file: string): string | undefined {
    if (!isWithin(folder, file) || file === folder) return undefined;
    return join(this.#folder, relative(folder, file).split(sep)[0]!);
  }
}

/** Where a path really leads; of a file that is gone, where it was. */
export function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(realOf(parent), basename(path));
  }
}

function isWithin(folder: string, file: string): boolean {
  if (file !== folder && !file.startsWith(folder + sep)) return false;
  return !file.slice(folder.length).split(sep).includes("node_modules");
}

function linksIn(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.filter((one) => one.isSymbolicLink()).map(({ name }) => join(folder, name));
  } catch {
    // It may come later.
    return [];
  }
}
