/** What is known of a stored file. */
export interface FileInfo {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Another content has another one; not quoted. */
  readonly etag: string;
  readonly modified: Date;
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** What a file is stored with, complete and checked. */
export type FileAbout = Pick<FileInfo, "key" | "contentType" | "metadata">;

export interface UrlOptions {
  /** Seconds that the link holds: 1 to 604,800 (a week); default 3600. */
  readonly expiresIn?: number;
  /** The name that a browser saves it under; default: the last part of the key. */
  readonly filename?: string;
  /** `inline` shows pictures, sound, video and plain text in the browser; default `attachment`. */
  readonly disposition?: "attachment" | "inline";
}

/**
 * Where files are. Keys come checked; any key may be written, read and removed by several processes
 * at once, and whoever reads sees one content as a whole: an old one or a new one.
 */
export interface StorageEngine {
  /** Resolves when it is safe; where the content breaks off, what was there before stays. */
  put(about: FileAbout, content: AsyncIterable<Uint8Array>): Promise<FileInfo>;
  stat(key: string): Promise<FileInfo | undefined>;
  /**
   * The bytes from `start` to before `end` of the very content that `stat` saw.
   * @throws NX_STORAGE_CHANGED when it is no longer there
   */
  read(file: FileInfo, start: number, end: number): AsyncIterable<Uint8Array>;
  /** @returns whether there was one */
  delete(key: string): Promise<boolean>;
  /** Those whose keys begin so, in the order of their UTF-8. */
  list(prefix: string): AsyncIterable<FileInfo>;
  /** A signed link, where the place of the files itself can answer it; else the app does. */
  url?(key: string, options: Required<UrlOptions>): Promise<string>;
}
