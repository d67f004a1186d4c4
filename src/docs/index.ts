import { Plugin } from "../plugin/index.ts";
import { key } from "../services.ts";
import type { ErrorFormat } from "../http/index.ts";
export interface DocsOptions {
  readonly title?: string;
  readonly version?: string;
  readonly description?: string;
}
export const docsOptionsKey = key<DocsOptions>("nexus/docsOptions");
export const errorFormatKey = key<ErrorFormat>("nexus/errorFormat");
export class DocsPlugin extends Plugin {}
export const addTagMetadata = (_tag: {
  readonly name: string;
  readonly description?: string;
  readonly externalDocs?: { readonly description?: string; readonly url: string };
}): void => {};
