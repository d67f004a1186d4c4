import { join } from "node:path";
import { settingsKey } from "../config/index.ts";
import { Drafts, type OpenDraft } from "../drafts.ts";
import { messageOf, NexusError } from "../exceptions.ts";
import { key, type Scope } from "../scope.ts";

/** The folder of the files that are on their way: in the data folder, so on a disk that has room. */
export class Spool {
  readonly #folder: string;
  readonly #drafts: Drafts;

  constructor(folder: string) {
    this.#folder = folder;
    this.#drafts = new Drafts(folder);
  }

  /** The app's. */
  static of(scope: Scope): Spool {
    const { root } = scope;
    const known = root.find(spoolKey);
    if (known) return known;
    const made = new Spool(join(root.get(settingsKey).dataDir, "uploads"));
    root.provide(spoolKey, made);
    return made;
  }

  /** A new file. @throws NX_DATA_DIR */
  async open(): Promise<OpenDraft> {
    try {
      return await this.#drafts.open();
    } catch (cause) {
      throw new NexusError(
        "NX_DATA_DIR",
        `The folder for uploaded files, ${this.#folder}, cannot be had: ${messageOf(cause)}.`,
        { cure: "Let this user write there, or set NEXUS_DATA_DIR to another folder.", cause },
      );
    }
  }
}

const spoolKey = key<Spool>("nexus/uploads");
