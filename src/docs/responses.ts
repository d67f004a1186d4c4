import { phrase } from "../exceptions.ts";
import type { Responses, RouteSpec } from "../http/index.ts";
import { isSchema, type Schema } from "../validation/index.ts";
import type { Components } from "./components.ts";
import { contentOf, successContent } from "./content.ts";
import type { Content, ResponseObject } from "./document.ts";
import {
  type ErrorContent,
  type Example,
  isProblemSchema,
  problemExample,
  validationExample,
} from "./problem-schemas.ts";

export interface Refusable {
  readonly loc: readonly string[];
  /** It may be refused for not being there. */
  readonly canMiss: boolean;
}

export interface ResponsesOptions {
  readonly spec: RouteSpec;
  /** HEAD: an answer has no content. */
  readonly isHead: boolean;
  /** The errors that dependencies say. */
  readonly needs: readonly Responses[];
  /** An input that may be refused, for the example. */
  readonly refusable: Refusable | undefined;
  readonly components: Components;
  readonly errors: ErrorContent;
  readonly where: string;
}

/** Every answer of a route that somebody can expect; an unexpected 500 is not among them. */
export function responsesOf(options: ResponsesOptions): Record<string, ResponseObject> {
  const { spec, isHead, needs, refusable, components, errors, where } = options;
  const own = spec.responses ?? {};
  const problems = new Problems();
  platformProblems(spec, refusable, problems);
  for (const responses of [...needs, own]) problems.addClasses(responses);

  const success = spec.status ?? 200;
  const contents = new Map<number, Content>([[success, successContent(spec, components, where)]]);
  for (const [status, { kind, examples }] of problems.all)
    contents.set(status, errors(kind, examples));
  for (const responses of [...needs, own]) {
    for (const [status, schema] of entriesOf(responses)) {
      if (!isSchema(schema) || isProblemSchema(schema)) continue;
      contents.set(status, {
        ...contents.get(status),
        ...contentOf(schema, components, `${where}_${status}`),
      });
    }
  }
  const answers = [...contents].map(([status, content]): [string, ResponseObject] => [
    String(status),
    {
      description: problems.describe(status),
      ...(spec.rateLimit && status === 429 && { headers: limitHeaders }),
      ...(!isHead && Object.keys(content).length > 0 && { content }),
    },
  ]);
  return Object.fromEntries(answers);
}

/** What the platform itself answers on a route. */
function platformProblems(spec: RouteSpec, refusable: Refusable | undefined, into: Problems): void {
  if (spec.body || spec.form) {
    if (spec.body)
      into.add(
        400,
        "malformed",
        problemExample(400, "The body is no valid JSON", "MALFORMED_JSON"),
      );
    else into.add(400, "malformed", problemExample(400));
    into.add(413, "too large", problemExample(413, undefined, "BODY_TOO_LARGE"));
    into.add(415, "media type", problemExample(415));
  }
  if (refusable)
    into.add(
      422,
      "invalid",
      validationExample(refusable.loc, refusable.canMiss),
      "ValidationProblem",
    );
  if (spec.rateLimit) {
    const problem = problemExample(429, "Rate limit exceeded", "RATE_LIMIT_EXCEEDED");
    into.add(429, "rate limit", { ...problem, retry_after: 42 });
  }
  if (spec.timeout !== undefined) {
    into.add(
      503,
      "timeout",
      problemExample(503, `There was no answer within ${spec.timeout} s`, "TIMEOUT"),
    );
  }
}

/** The first two stand on all answers of the route; here is where a client needs them. */
const limitHeaders = {
  RateLimit: {
    description: "Requests that are left (r), and seconds until there is one more (t)",
    schema: { type: "string", examples: ['"default";r=0;t=42'] },
  },
  "RateLimit-Policy": {
    description: "Requests (q) in so many seconds (w)",
    schema: { type: "string", examples: ['"default";q=10;w=60'] },
  },
  "Retry-After": {
    description: "Seconds to wait",
    schema: { type: "integer", minimum: 1 },
  },
};

interface Documented {
  readonly kind: "Problem" | "ValidationProblem";
  readonly examples: readonly Example[];
  readonly codes: readonly string[];
}

/** The error answers of a route by status. */
class Problems {
  readonly all = new Map<number, Documented>();

  add(
    status: number,
    name: string,
    problem: Example["problem"],
    kind: Documented["kind"] = "Problem",
    code?: string,
  ): void {
    const known = this.all.get(status) ?? { kind, examples: [], codes: [] };
    const others = known.examples.filter((example) => example.name !== name);
    const codes = code === undefined ? known.codes : [...new Set([...known.codes, code])];
    this.all.set(status, { kind: known.kind, examples: [...others, { name, problem }], codes });
  }

  /** Exception classes say their error code themselves; a problem schema says only the status. */
  addClasses(responses: Responses): void {
    for (const [status, answer] of entriesOf(responses)) {
      if (isProblemSchema(answer)) this.add(status, "problem", problemExample(status));
      else if (!isSchema(answer)) {
        const { name, errorCode } = answer;
        this.add(
          status,
          errorCode ?? name,
          problemExample(status, undefined, errorCode),
          "Problem",
          errorCode,
        );
      }
    }
  }

  describe(status: number): string {
    const codes = this.all.get(status)?.codes ?? [];
    return codes.length ? `${phrase(status)}: ${codes.join(", ")}` : phrase(status);
  }
}

type Answer = Schema | { readonly name: string; readonly errorCode?: string };

function entriesOf(responses: Responses): [number, Answer][] {
  return Object.entries(responses).map(([status, answer]) => [Number(status), answer as Answer]);
}
