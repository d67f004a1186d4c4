import { HTTPException, phrase, type Problem, problemOf, ValidationError } from "../exceptions.ts";
import { type ErrorFormat, problemJSON } from "../http/index.ts";
import { isSchema, type JSONSchema, type Schema } from "../validation/index.ts";
import type { Components } from "./components.ts";
import type { Content, MediaType } from "./document.ts";

const errorItem: JSONSchema = {
  type: "object",
  properties: {
    loc: {
      type: "array",
      items: { anyOf: [{ type: "string" }, { type: "integer" }] },
      description: "Where: the place in the request, then the path to the value.",
      examples: [["query", "page"]],
    },
    type: { type: "string", description: "A stable name for programs.", examples: ["missing"] },
    msg: { type: "string", examples: ["Field required"] },
    input: { description: "The refused value, where it may be repeated." },
    ctx: { type: "object", description: "The limits that were not kept." },
  },
  required: ["loc", "type", "msg"],
};

const definitions: Readonly<Record<"Problem" | "ValidationProblem", JSONSchema>> = {
  Problem: {
    type: "object",
    description: "What went wrong, as RFC 9457 has it.",
    properties: {
      type: { type: "string", default: "about:blank" },
      title: { type: "string", description: "The phrase of the status." },
      status: { type: "integer" },
      detail: { type: "string", description: "What went wrong, for people." },
      instance: { type: "string", description: "The path of the request." },
      error_code: { type: "string", description: "What went wrong, for programs." },
      request_id: { type: "string", description: "Finds the request in the log." },
    },
    required: ["type", "title", "status", "detail"],
  },
  ValidationProblem: {
    description: "Every fault of the input at once.",
    allOf: [
      { $ref: "#/$defs/Problem" },
      {
        type: "object",
        properties: { errors: { type: "array", items: errorItem } },
        required: ["errors"],
      },
    ],
  },
};

const schemaBrand = Symbol.for("nexus.ProblemSchema");

/** For `responses` of a route: an answer in the error format of the app. */
export const ProblemSchema: Schema<Problem, Problem> = Object.defineProperty(
  {
    "~standard": {
      version: 1,
      vendor: "nexus",
      validate: (value) =>
        typeof (value as Partial<Problem> | null)?.detail === "string"
          ? { value: value as Problem }
          : { issues: [{ message: "It is no problem document" }] },
    },
  } satisfies Schema<Problem, Problem>,
  schemaBrand,
  { value: true },
);

export function isProblemSchema(value: unknown): boolean {
  return isSchema(value) && schemaBrand in value;
}

export interface Example {
  readonly name: string;
  readonly problem: Problem;
}

/** The content of error answers, in the error format of the app. */
export type ErrorContent = (
  kind: "Problem" | "ValidationProblem",
  examples: readonly Example[],
) => Content;

export function createErrorContent(format: ErrorFormat, components: Components): ErrorContent {
  const schemaOf = (kind: keyof typeof definitions): JSONSchema => {
    const options = { direction: "output", where: "Error", own: true } as const;
    if (format === problemJSON) {
      return components.add({ $ref: `#/$defs/${kind}`, $defs: definitions }, options);
    }
    const { $defs, ...own } = format.schema ?? {};
    return format.schema
      ? components.add({ $ref: "#/$defs/Error", $defs: { ...$defs, Error: own } }, options)
      : {};
  };
  const write = ({ problem }: Example): unknown =>
    JSON.parse(JSON.stringify(format.write(problem)));
  return (kind, examples) => {
    const [first, second] = examples;
    const media: MediaType = {
      schema: schemaOf(kind),
      ...(first && !second && { example: write(first) }),
      ...(second && {
        examples: Object.fromEntries(examples.map((one) => [one.name, { value: write(one) }])),
      }),
    };
    return { [format.mediaType]: media };
  };
}

export function problemExample(
  status: number,
  detail = phrase(status),
  errorCode?: string,
): Problem {
  return problemOf(new HTTPException(status, detail, { errorCode }));
}

export function validationExample(loc: readonly string[], isMissing: boolean): Problem {
  const item = isMissing
    ? { loc, type: "missing", msg: "Field required" }
    : { loc, type: "value_error", msg: "Invalid input" };
  return problemOf(new ValidationError([item]));
}
