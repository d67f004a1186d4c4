import { join } from "node:path";
import { settingsKey } from "../config/index.ts";
import { NexusError } from "../exceptions.ts";
import { encoded, isMediaType, unknownType } from "../message/index.ts";
import { addRoutesKey } from "../http/index.ts";
import type { Scope } from "../scope.ts";
import { perApp, Service } from "../services.ts";
import { loadSecrets } from "../secrets.ts";
import type { FileInfo, StorageEngine, UrlOptions } from "./engine.ts";
import { checkKey } from "./key.ts";
import { linkOptions, Links } from "./links.ts";
import { LocalFolder } from "./local-folder.ts";
import { StorageRoutes } from "./storage-routes.ts";
import { StoredFile } from "./stored-file.ts";

/** Text is stored as UTF-8. */
export type Content = string | Uint8Array | AsyncIterable<Uint8Array | string>;

export interface PutOptions {
  /** Default `text/plain` for a string, else `application/octet-stream`. */
  readonly contentType?: string | undefined;
  /** Names in lower case; names and values together up to 2 KB. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/** Keeps files: `files = inject(Storage)`. */
export class Storage extends Service {
  static readonly key = "nexus/Storage";

  /** In the data folder; who makes links needs a route, and who has no storage has none. */
  static [perApp](app: Scope): Storage {
    const settings = app.get(settingsKey);
    const links = new Links(() => loadSecrets(settings));
    const storage = new Storage(new LocalFolder(join(settings.dataDir, "files")), links);
    const routes = new StorageRoutes((key) => storage.get(key), links);
    const remove = app.find(addRoutesKey)?.(routes, "storage");
    if (remove) app.defer(remove);
    return storage;
  }

  readonly #engine: StorageEngine;
  readonly #links: Links | undefined;

  /** @param links for an engine that has none of its own; without any, `url` is refused */
  constructor(engine: StorageEngine, links?: Links) {
    super();
    this.#engine = engine;
    this.#links = links;
  }

  /**
   * Stores a file as a whole, in place of what was there. Resolves when it is safe.
   * @throws NX_STORAGE_KEY, NX_STORAGE_METADATA, NX_STORAGE_WRITE, what the content itself throws;
   * the old file is still there then
   */
  async put(key: string, content: Content, options: PutOptions = {}): Promise<StoredFile> {
    checkKey(key);
    const { metadata = {}, contentType } = options;
    checkMetadata(key, metadata);
    const normal = typeof content === "string" ? "text/plain" : unknownType;
    const about = { key, metadata: { ...metadata }, contentType: typeOf(contentType ?? normal) };
    return this.#file(await this.#engine.put(about, streamOf(content)));
  }

  async get(key: string): Promise<StoredFile | undefined> {
    checkKey(key);
    const info = await this.#engine.stat(key);
    return info && this.#file(info);
  }

  /** As `get`, for those who only want to know. */
  async stat(key: string): Promise<FileInfo | undefined> {
    checkKey(key);
    return this.#engine.stat(key);
  }

  /** @returns whether there was one */
  async delete(key: string): Promise<boolean> {
    checkKey(key);
    return this.#engine.delete(key);
  }

  /** Those whose keys begin with `prefix`, in the order of their UTF-8. */
  list(prefix = ""): AsyncIterable<FileInfo> {
    return this.#engine.list(prefix);
  }

  /**
   * A link that lets whoever has it read the file, until it expires: a path of this app, or an address
   * of the place where the files are. Whether there is such a file is not looked up.
   * @throws NX_STORAGE_KEY, NX_STORAGE_URL
   */
  async url(key: string, options: UrlOptions = {}): Promise<string> {
    checkKey(key);
    const link = linkOptions(key, options);
    if (this.#engine.url) return this.#engine.url(key, link);
    if (this.#links) return this.#links.sign(key, link);
    throw new NexusError("NX_STORAGE_URL", "This storage makes no links.", {
      cure: "Inject the app's, which answers them: files = inject(Storage).",
    });
  }

  #file(info: FileInfo): StoredFile {
    return new StoredFile(info, (file, start, end) => this.#engine.read(file, start, end));
  }
}

/** It may come from a client: what is no media type says nothing. */
function typeOf(text: string): string {
  return text.length <= 255 && isMediaType(text) ? text : unknownType;
}

async function* streamOf(content: Content): AsyncIterable<Uint8Array> {
  if (typeof content === "string") yield Buffer.from(content);
  else if (content instanceof Uint8Array) yield content;
  else yield* encoded(content);
}

function checkMetadata(key: string, metadata: Readonly<Record<string, string>>): void {
  let size = 0;
  for (const [name, value] of Object.entries(metadata)) {
    size += Buffer.byteLength(name) + Buffer.byteLength(value);
    if (/^[a-z\d][a-z\d_-]*$/.test(name) && !/[\u0000-\u001f\u007f]/.test(value)) continue;
    throw new NexusError(
      "NX_STORAGE_METADATA",
      `The metadata ${JSON.stringify(name)} of "${key}" does not fit.`,
      {
        cure: "Use names of a-z, 0-9, - and _, and values without control characters.",
      },
    );
  }
  if (size <= 2048) return;
  throw new NexusError(
    "NX_STORAGE_METADATA",
    `"${key}" has ${size} bytes of metadata, and 2048 are the most.`,
    {
      cure: "Keep the rest in a table, or in a file of its own.",
    },
  );
}
