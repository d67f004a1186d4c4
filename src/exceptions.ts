/** What went wrong with one input, in the order and with the names that FastAPI's users know. */
export interface ErrorItem {
  /** Where: `["query", "page"]`, `["body", "tags", 0]`. */
  readonly loc: readonly (string | number)[];
  /** A stable name: `missing`, `int_parsing`, `string_too_short`, `value_error` … */
  readonly type: string;
  readonly msg: string;
  /** The refused value; left out for headers, cookies, objects and secrets. */
  readonly input?: unknown;
  readonly ctx?: Readonly<Record<string, unknown>>;
}

export interface HTTPExceptionOptions extends ErrorOptions {
  /** A stable name for programs, sent as `error_code`. */
  readonly errorCode?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Further members of the problem document. */
  readonly extra?: Readonly<Record<string, unknown>> | undefined;
}

const clientError = Symbol.for("nexus.HTTPException");

/** An answer other than success, thrown from anywhere while a request is being answered. */
export class HTTPException extends Error {
  /** For subclasses: the status that documentation shows. */
  static readonly status?: number;
  /** For subclasses: the error code that documentation shows. */
  static readonly errorCode?: string;

  readonly [clientError] = true;
  readonly status: number;
  /** What the client reads; by default the status' own phrase. */
  readonly detail: string;
  readonly errorCode: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly extra: Readonly<Record<string, unknown>>;

  constructor(status: number, detail = phrase(status), options: HTTPExceptionOptions = {}) {
    super(detail, options);
    this.name = new.target.name;
    if (!Number.isInteger(status) || status < 400 || status > 599) {
      throw new NexusError("NX_ERROR_STATUS", `${this.name} was thrown with status ${status}.`, {
        cure: "Use a status from 400 to 599; other answers are returned, not thrown.",
      });
    }
    this.status = status;
    this.detail = detail;
    this.errorCode = options.errorCode ?? new.target.errorCode;
    this.headers = options.headers ?? {};
    this.extra = options.extra ?? {};
  }
}

export { HTTPException as APIException };

/** Recognised by brand, so that two copies of this package understand each other's errors. */
export function isHTTPException(error: unknown): error is HTTPException {
  return typeof error === "object" && error !== null && clientError in error;
}

export class NotAuthenticated extends HTTPException {
  static override readonly status = 401;
  constructor(detail = "Not authenticated", options: HTTPExceptionOptions = {}) {
    super(401, detail, {
      ...options,
      headers: { "WWW-Authenticate": "Bearer", ...options.headers },
    });
  }
}

export class PermissionDenied extends HTTPException {
  static override readonly status = 403;
  constructor(detail?: string, options?: HTTPExceptionOptions) {
    super(403, detail, options);
  }
}

export class NotFound extends HTTPException {
  static override readonly status = 404;
  constructor(detail?: string, options?: HTTPExceptionOptions) {
    super(404, detail, options);
  }
}

export class Conflict extends HTTPException {
  static override readonly status = 409;
  constructor(detail?: string, options?: HTTPExceptionOptions) {
    super(409, detail, options);
  }
}

export class RateLimited extends HTTPException {
  static override readonly status = 429;
  /** @param retryAfter seconds until the client may try again */
  constructor(retryAfter: number, detail?: string, options: HTTPExceptionOptions = {}) {
    super(429, detail, {
      ...options,
      headers: { "Retry-After": String(Math.ceil(retryAfter)), ...options.headers },
    });
  }
}

/** Input that does not fit: 422, with every fault at once. */
export class ValidationError extends HTTPException {
  static override readonly status = 422;
  readonly errors: readonly ErrorItem[];
  constructor(errors: readonly ErrorItem[]) {
    super(422, errors.length === 1 ? "1 validation error" : `${errors.length} validation errors`);
    this.errors = errors;
  }
}

/** For the end of an expression: `(await find(id)) ?? notFound("User not found")`. */
export function notFound(detail?: string): never {
  throw new NotFound(detail);
}

/** RFC 9457: what a client is told of an error, as plain data. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  /** The path of the request. */
  instance?: string;
  error_code?: string;
  errors?: readonly ErrorItem[];
  request_id?: string;
  [extra: string]: unknown;
}

/** What a client may know of anything thrown; what we did not mean to say stays unsaid. */
export function problemOf(error: unknown): Problem {
  const known = isHTTPException(error) ? error : undefined;
  const status = known?.status ?? 500;
  const problem: Problem = {
    type: "about:blank",
    title: phrase(status),
    status,
    detail: known?.detail ?? phrase(500),
    ...(known?.errorCode !== undefined && { error_code: known.errorCode }),
    ...(known && "errors" in known && { errors: known.errors as readonly ErrorItem[] }),
  };
  return { ...problem, ...known?.extra, ...problem };
}

export interface FaultOptions extends ErrorOptions {
  /** What to do about it, as a sentence. */
  readonly cure?: string;
}

/** A mistake that a developer or an operator can mend: what, where, and the cure. */
export class NexusError extends Error {
  /** Stable, listed in docs/errors.md. */
  readonly code: string;
  constructor(code: string, what: string, options: FaultOptions = {}) {
    super(options.cure ? `${what} ${options.cure}` : what, options);
    this.name = "NexusError";
    this.code = code;
  }
}

/** The text of anything thrown, for a log line or another error. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The standard phrase of a status (RFC 9110 and the IANA registry). */
export function phrase(status: number): string {
  return phrases[status] ?? "Error";
}

const phrases: Readonly<Record<number, string>> = {
  200: "OK",
  201: "Created",
  202: "Accepted",
  203: "Non-Authoritative Information",
  204: "No Content",
  205: "Reset Content",
  206: "Partial Content",
  207: "Multi-Status",
  300: "Multiple Choices",
  301: "Moved Permanently",
  302: "Found",
  303: "See Other",
  304: "Not Modified",
  307: "Temporary Redirect",
  308: "Permanent Redirect",
  400: "Bad Request",
  401: "Unauthorized",
  402: "Payment Required",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  406: "Not Acceptable",
  408: "Request Timeout",
  409: "Conflict",
  410: "Gone",
  411: "Length Required",
  412: "Precondition Failed",
  413: "Content Too Large",
  414: "URI Too Long",
  415: "Unsupported Media Type",
  416: "Range Not Satisfiable",
  417: "Expectation Failed",
  418: "I'm a Teapot",
  421: "Misdirected Request",
  422: "Unprocessable Content",
  423: "Locked",
  424: "Failed Dependency",
  425: "Too Early",
  426: "Upgrade Required",
  428: "Precondition Required",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  451: "Unavailable For Legal Reasons",
  500: "Internal Server Error",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};
