import type { Endpoint, ErrorFormat } from "../http/index.ts";
import { parseTemplate, type Responses } from "../http/index.ts";
import { describe } from "../validation/index.ts";
import type { Comment } from "./comments.ts";
import type { Components } from "./components.ts";
import type { Operation, RequestBody, SecurityRequirement, SecurityScheme } from "./document.ts";
import { fieldsOf, isRequired } from "./fields.ts";
import { type AnyDependency, dependenciesOf, documentsOf } from "./needs.ts";
import { parametersIn, parametersOf } from "./parameters.ts";
import type { ErrorContent } from "./problem-schemas.ts";
import { responsesOf } from "./responses.ts";

export interface OperationOptions {
  readonly operationId: string;
  /** What the parameters of the path are called, in their order. */
  readonly names: readonly string[];
  /** The tag of routes that say none. */
  readonly title: string;
  readonly comment: Comment | undefined;
  readonly components: Components;
  readonly errors: ErrorContent;
  /** Those that are used are added. */
  readonly schemes: Map<string, SecurityScheme>;
}
