export type { Comment } from "./comment.ts";
export { Comments } from "./comments.ts";
export { type APIChange, compareAPI } from "./compare.ts";
export type { Change } from "./compare-change.ts";
export { compareGuards, comparePermissions } from "./compare-permissions.ts";
export { compareSettings } from "./compare-settings.ts";
export {
  describeApp,
  type DocsOptions,
  docsOptionsKey,
  DocsPlugin,
  errorFormatKey,
} from "./docs-plugin.ts";
export type { OpenAPIDocument, Operation, Server, TagMetadata } from "./document.ts";
export type { Documents, SecurityScheme } from "../dependency.ts";
export { createOpenAPI, type OpenAPIOptions } from "./openapi.ts";
export { ProblemSchema } from "./problem-schemas.ts";
export { addTagMetadata } from "./tags.ts";
