import { existsSync } from "node:fs";
import { mkdir, readdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { Drafts } from "../drafts.ts";

/** Folders that are being filled; who has filled one moves it away. */
export class DraftFolders {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** An empty folder, for this user alone, which is removed with what is left in it. */
  async make(): Promise<DraftFolder> {
    // It stands for the folder: as long as it is there, so is the process that fills it.
    const { path: mark, handle } = await new Drafts(this.#folder).open();
    await handle.close();
    const path = join(this.#folder, prefix + basename(mark));
    await mkdir(path, { mode: 0o700 });
    return {
      path,
      [Symbol.asyncDispose]: async () => {
        await rm(path, { recursive: true, force: true, maxRetries: 5 });
        await rm(mark, { force: true });
      },
    };
  }

  /** Removes what killed processes have left. */
  async sweep(): Promise<void> {
    if (!existsSync(this.#folder)) return;
    // The first draft takes away the marks of processes that are gone.
    await using _ = await this.make();
    for (const name of await readdir(this.#folder)) {
      if (!name.startsWith(prefix)) continue;
      if (existsSync(join(this.#folder, name.slice(prefix.length)))) continue;
      await rm(join(this.#folder, name), { recursive: true, force: true });
    }
  }
}

export interface DraftFolder extends AsyncDisposable {
  readonly path: string;
}

const prefix = "folder-";
