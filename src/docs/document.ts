import type { SecurityScheme } from "../dependency.ts";
import type { JSONSchema } from "../validation/index.ts";

/** An OpenAPI 3.1 document, as far as this platform writes it. */
export interface OpenAPIDocument {
  readonly openapi: "3.1.0";
  readonly info: Info;
  readonly servers?: readonly Server[];
  readonly paths: Readonly<Record<string, PathItem>>;
  readonly components?: {
    readonly schemas?: Readonly<Record<string, JSONSchema>>;
    readonly securitySchemes?: Readonly<Record<string, SecurityScheme>>;
  };
  readonly tags?: readonly TagMetadata[];
}

export interface Info {
  readonly title: string;
  readonly version: string;
  /** Markdown. */
  readonly description?: string;
}

export interface Server {
  readonly url: string;
  readonly description?: string;
}

/** What the documentation says of a tag. */
export interface TagMetadata {
  readonly name: string;
  /** Markdown. */
  readonly description?: string;
  readonly externalDocs?: { readonly description?: string; readonly url: string };
}

export type Method = "get" | "head" | "post" | "put" | "patch" | "delete" | "options";
export type PathItem = { readonly [M in Method]?: Operation };

export interface Operation {
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly operationId: string;
  readonly deprecated?: true;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: RequestBody;
  readonly responses: Readonly<Record<string, ResponseObject>>;
  readonly security?: readonly SecurityRequirement[];
}

export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header" | "cookie";
  readonly required: boolean;
  readonly description?: string;
  readonly deprecated?: true;
  readonly schema: JSONSchema;
}

export interface RequestBody {
  readonly required: boolean;
  readonly content: Content;
}

export interface ResponseObject {
  readonly description: string;
  readonly headers?: Readonly<Record<string, Header>>;
  readonly content?: Content;
}

export interface Header {
  readonly description: string;
  readonly schema: JSONSchema;
}

export type Content = Readonly<Record<string, MediaType>>;
export interface MediaType {
  readonly schema: JSONSchema;
  readonly example?: unknown;
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
  /** By field of a form. */
  readonly encoding?: Readonly<Record<string, Encoding>>;
}

export interface Encoding {
  readonly contentType: string;
}

export type SecurityRequirement = Readonly<Record<string, readonly string[]>>;
