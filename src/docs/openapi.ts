import type { SecurityScheme } from "../dependency.ts";
import {
  type Endpoint,
  type ErrorFormat,
  parseTemplate,
  problemJSON,
  type Segment,
} from "../http/index.ts";
import { currentLog } from "../log.ts";
import type { Comment } from "./comment.ts";
import { Components } from "./components.ts";
import type { Info, Method, OpenAPIDocument, Operation, Server, TagMetadata } from "./document.ts";
import { createOperation } from "./operation.ts";
import { parametersIn } from "./parameters.ts";
import { createErrorContent } from "./problem-schemas.ts";
import { warnOfUndescribed } from "./undescribed.ts";

export interface OpenAPIOptions {
  /** Default "Nexus API". */
  readonly title?: string;
  /** Of the API; default "0.1.0". */
  readonly version?: string;
  /** Markdown. */
  readonly description?: string;
  /** Default: where the document comes from. */
  readonly servers?: readonly Server[];
  /** Default RFC 9457 problem documents. */
  readonly errorFormat?: ErrorFormat;
  /** What a plugin is called; default its name. */
  readonly titleOf?: (plugin: string) => string | undefined;
  /** The doc comment of a route. */
  readonly commentOf?: (route: Endpoint["declared"]) => Comment | undefined;
  readonly tagOf?: (name: string) => TagMetadata | undefined;
}

/**
 * Describes routes as OpenAPI 3.1. The document depends on the routes alone, not on the order in
 * which they came.
 */
export function createOpenAPI(
  endpoints: readonly Endpoint[],
  options: OpenAPIOptions = {},
): OpenAPIDocument {
  const { errorFormat = problemJSON, titleOf, commentOf, tagOf, servers } = options;
  const components = new Components();
  const errors = createErrorContent(errorFormat, components);
  const schemes = new Map<string, SecurityScheme>();
  const paths: Record<string, Partial<Record<Method, Operation>>> = {};
  const usedTags = new Set<string>();
  for (const { endpoint, path, names, operationId } of placesOf(endpoints)) {
    warnOfUndescribed(endpoint);
    const operation = createOperation(endpoint, {
      operationId,
      names,
      title: titleOf?.(endpoint.plugin) ?? endpoint.plugin,
      comment: commentOf?.(endpoint.declared),
      components,
      errors,
      schemes,
    });
    (paths[path] ??= {})[methodOf(endpoint)] = operation;
    for (const tag of operation.tags) usedTags.add(tag);
  }
  const schemas = components.finish();
  const securitySchemes = Object.fromEntries([...schemes].toSorted(([a], [b]) => compare(a, b)));
  const tags = [...usedTags].flatMap((name) => tagOf?.(name) ?? []);
  const parts = {
    ...(Object.keys(schemas).length > 0 && { schemas }),
    ...(schemes.size > 0 && { securitySchemes }),
  };
  return {
    openapi: "3.1.0",
    info: infoOf(options),
    ...(servers?.length && { servers }),
    paths,
    ...(Object.keys(parts).length > 0 && { components: parts }),
    ...(tags.length > 0 && { tags }),
  };
}

function infoOf({ title = "Nexus API", version = "0.1.0", description }: OpenAPIOptions): Info {
  return { title, version, ...(description !== undefined && { description }) };
}

interface Place {
  readonly endpoint: Endpoint;
  readonly path: string;
  /** What the document calls the parameters of the path. */
  readonly names: readonly string[];
  readonly operationId: string;
}

const methods: readonly Method[] = ["get", "head", "post", "put", "patch", "delete", "options"];

/** Where each route stands in the document, in its order. */
function placesOf(endpoints: readonly Endpoint[]): Place[] {
  const visible = endpoints
    .filter(({ declared }) => !declared.spec.hidden)
    .toSorted(inDocumentOrder);
  const namesByShape = new Map<string, readonly string[]>();
  const taken = new Map<string, Endpoint>();
  const ids = new Set<string>();
  return visible.flatMap((endpoint): Place[] => {
    const segments = parseTemplate(endpoint.path);
    const shape = write(segments, []);
    // OpenAPI takes paths that differ only in the names of parameters for the same path.
    const names = namesByShape.get(shape) ?? parametersIn(segments).map(({ name }) => name);
    namesByShape.set(shape, names);
    const path = write(segments, names);
    const other = taken.get(`${endpoint.method} ${path}`);
    if (other) {
      currentLog().debug(
        `OpenAPI cannot tell ${endpoint.method} ${endpoint.path} from ${other.path}: it is left out`,
      );
      return [];
    }
    taken.set(`${endpoint.method} ${path}`, endpoint);
    const { spec, member } = endpoint.declared;
    return [
      {
        endpoint,
        path,
        names,
        operationId: unique(spec.operationId ?? `${endpoint.plugin}_${member}`, ids),
      },
    ];
  });
}

function inDocumentOrder(a: Endpoint, b: Endpoint): number {
  return compare(bare(a.path), bare(b.path)) || rank(a) - rank(b) || compare(a.path, b.path);
}

/** A path without converters. */
function bare(path: string): string {
  return path.replaceAll(/:\w+\}/g, "}");
}

function rank(endpoint: Endpoint): number {
  return methods.indexOf(methodOf(endpoint));
}

function methodOf({ method }: Endpoint): Method {
  return method.toLowerCase() as Method;
}

/** A path with its parameters called so; without their converters. */
function write(segments: readonly Segment[], names: readonly string[]): string {
  let at = 0;
  const parts = segments.map((segment) =>
    segment.kind === "literal"
      ? segment.text
      : `${segment.prefix}{${names[at++] ?? ""}}${segment.suffix}`,
  );
  return `/${parts.join("/")}`;
}

function unique(name: string, taken: Set<string>): string {
  let free = name;
  for (let count = 2; taken.has(free); count++) free = `${name}_${count}`;
  taken.add(free);
  return free;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
