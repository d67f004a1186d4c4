export type { Comment } from "./comment.ts";
export { Comments } from "./comments.ts";
export {
  describeApp,
  type DocsOptions,
  docsOptionsKey,
  DocsPlugin,
  errorFormatKey,
} from "./docs-plugin.ts";
export type {
  OpenAPIDocument,
  Operation,
  SecurityScheme,
  Server,
  TagMetadata,
} from "./document.ts";
export type { Documents } from "./needs.ts";
export { createOpenAPI, type OpenAPIOptions } from "./openapi.ts";
export { ProblemSchema } from "./problem-schemas.ts";
export { addTagMetadata } from "./tags.ts";
