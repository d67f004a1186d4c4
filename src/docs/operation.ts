import type { Documents, HeadReads, SecurityScheme } from "../dependency.ts";
import { type Endpoint, parseTemplate, type RouteSpec } from "../http/index.ts";
import type { Comment } from "./comment.ts";
import type { Components } from "./components.ts";
import type { Operation, Parameter, SecurityRequirement } from "./document.ts";
import { dependenciesOf, documentsOf } from "./needs.ts";
import { parametersOf } from "./parameters.ts";
import type { ErrorContent } from "./problem-schemas.ts";
import { requestBodyOf } from "./request-body.ts";
import { type Refusable, responsesOf } from "./responses.ts";

export interface OperationOptions {
  readonly operationId: string;
  /** What the parameters of the path are called, in their order. */
  readonly names: readonly string[];
  /** The tag of routes that say none. */
  readonly title: string;
  readonly comment: Comment | undefined;
  readonly components: Components;
  readonly errors: ErrorContent;
  /** Takes the security schemes that are used. */
  readonly schemes: Map<string, SecurityScheme>;
}

/** Describes a route. */
export function createOperation(
  { declared, method }: Endpoint,
  options: OperationOptions,
): Operation {
  const { operationId, names, title, comment, components, errors, schemes } = options;
  const { spec, path, ownMember } = declared;
  const where = operationId.replaceAll(/[^\w.-]+/g, "_");
  const dependencies = [...dependenciesOf(spec.use)];
  const reads = [spec, ...dependencies.map((dependency) => dependency.reads)];
  const documents = documentsOf(spec, dependencies);
  const parameters = parametersOf({
    segments: parseTemplate(path),
    names,
    reads,
    components,
    where,
  });
  const description = spec.description ?? comment?.description;
  const requestBody = requestBodyOf(spec, components, where);
  const security = securityOf(documents, schemes);
  return {
    tags: spec.tags?.length ? spec.tags : [title],
    summary: spec.summary ?? (comment?.summary || inWords(ownMember)),
    ...(description && { description }),
    operationId,
    ...((spec.deprecated || comment?.deprecated) && { deprecated: true }),
    ...(parameters.length > 0 && { parameters }),
    ...(requestBody && { requestBody }),
    responses: responsesOf({
      spec,
      isHead: method === "HEAD",
      needs: documents.flatMap(({ responses }) => (responses ? [responses] : [])),
      refusable: refusableOf(spec, reads, parameters),
      components,
      errors,
      where,
    }),
    ...(security.length > 0 && { security }),
  };
}

/** An input that may be refused, a required one if there is any; a plain piece of the path never is. */
function refusableOf(
  spec: RouteSpec,
  reads: readonly HeadReads[],
  parameters: readonly Parameter[],
): Refusable | undefined {
  const isChecked = reads.some(({ path }) => path);
  const found = parameters
    .filter(({ in: place, schema }) => {
      const isPlain = schema.type === "string" && schema.format === undefined;
      return place !== "path" || isChecked || !isPlain;
    })
    .map(({ in: place, name, required }) => ({
      loc: [place, name],
      canMiss: required && place !== "path",
    }));
  if (spec.body || spec.form) found.push({ loc: ["body"], canMiss: true });
  return found.find(({ canMiss }) => canMiss) ?? found[0];
}

/** Who may ask: one of the schemes is enough; nobody, too, where all who say something of it allow that. */
function securityOf(
  documents: readonly Documents[],
  schemes: Map<string, SecurityScheme>,
): SecurityRequirement[] {
  const said = documents.flatMap(({ security }) => security ?? []);
  const names = new Set<string>();
  for (const [name, scheme] of said.flatMap((one) => Object.entries(one.schemes))) {
    names.add(name);
    if (!schemes.has(name)) schemes.set(name, scheme);
  }
  if (!names.size) return [];
  const isOptional = said.every(({ optional }) => optional);
  return [...[...names].map((name) => ({ [name]: [] })), ...(isOptional ? [{}] : [])];
}

/** `listUsers` → `List users`. */
function inWords(member: string): string {
  const words = member
    .split(/[_\W]+|(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/)
    .filter(Boolean);
  const text = words
    .map((word) => (/^[A-Z0-9]{2,}$/.test(word) ? word : word.toLowerCase()))
    .join(" ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}
