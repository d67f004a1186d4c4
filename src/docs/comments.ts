import { readFile, stat } from "node:fs/promises";
import type { Declared } from "../http/index.ts";
import { currentLog } from "../log.ts";
import type { Comment } from "./comment.ts";
import type { DocumentedMember } from "./source.ts";

type Members = readonly DocumentedMember[];

/** Reads the doc comments of routes from the files that declare them. */
export class Comments {
  /** By file: its members, and the state of the file in which they were read. */
  readonly #files = new Map<
    string,
    { readonly state: string; readonly members: Promise<Members> }
  >();

  /** @returns what finds the comment of each of these routes, without reading any more */
  async of(routes: readonly Declared[]): Promise<(route: Declared) => Comment | undefined> {
    const files = new Set(routes.map(({ place }) => fileOf(place)));
    const read = await Promise.all(
      [...files].map(async (file) => [file, await this.#read(file)] as const),
    );
    const members = new Map(read);
    return (route) => find(members.get(fileOf(route.place)) ?? [], route);
  }

  /** A file that cannot be read, or is no JavaScript, has no comments. */
  async #read(file: string): Promise<Members> {
    try {
      const { mtimeMs, size } = await stat(file);
      const state = `${mtimeMs} ${size}`;
      const known = this.#files.get(file);
      if (known?.state === state) return await known.members;
      const members = parse(file);
      this.#files.set(file, { state, members });
      return await members;
    } catch (error) {
      currentLog().debug({ err: error }, `The doc comments of ${file} could not be read`);
      return [];
    }
  }
}

async function parse(file: string): Promise<Members> {
  // Loaded only when somebody asks for the documentation.
  const [{ documentedMembers }, source] = await Promise.all([
    import("./source.ts"),
    readFile(file, "utf8"),
  ]);
  return documentedMembers(file, source);
}

/** `/app/users.ts:12` → `/app/users.ts` */
function fileOf(place: string): string {
  return place.replace(/:\d+$/, "");
}

/**
 * A class may be there twice, in two functions, and a field may come from a parent class: then the
 * line tells. Alone it is not enough, as translated code has other lines than its source.
 */
function find(members: Members, { owner, ownMember, place }: Declared): Comment | undefined {
  const line = Number(/\d+$/.exec(place)?.[0]);
  const named = members.filter(({ member }) => member === ownMember);
  const owned = named.filter((one) => one.owner === owner);
  const here = ({ first, last }: DocumentedMember): boolean => first <= line && line <= last;
  return (owned.find(here) ?? owned[0] ?? named.find(here))?.comment;
}
