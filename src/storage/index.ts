export type { FileAbout, FileInfo, StorageEngine, UrlOptions } from "./engine.ts";
export { LocalFolder } from "./local-folder.ts";
export { type Content, type PutOptions, Storage } from "./storage.ts";
export { StoredFile } from "./stored-file.ts";
