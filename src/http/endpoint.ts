import { compileGuard, confirm } from "../auth/index.ts";
import { backgroundKey } from "../background.ts";
import type { Context } from "../context.ts";
import { type ErrorItem, ValidationError } from "../exceptions.ts";
import { bytesOf, type Response } from "../message/index.ts";
import { type Answer, compose, type OnError, timeout } from "../middleware/index.ts";
import { compileLimit } from "../ratelimit/index.ts";
import type { Scope } from "../scope.ts";
import { isThenable } from "../waiting.ts";
import { compileBody } from "./body.ts";
import { checkNames } from "./check.ts";
import { compileForm } from "./form.ts";
import { after, type Pending } from "./in-turn.ts";
import { compileHead, HandlerInput, inOrder, type Read } from "./input.ts";
import { compileOutput } from "./output.ts";
import type { Declared } from "./route.ts";
import type { Entry } from "./router.ts";
import { parseTemplate } from "./template.ts";
import { Resolution } from "./resolution.ts";
import { compileUses } from "./uses.ts";

/** A route as it is served: everything that can be worked out beforehand is. */
export interface Endpoint extends Entry {
  readonly declared: Declared;
  /** Whose route it is. */
  readonly plugin: string;
  readonly scope: Scope;
  readonly run: Answer;
}

export interface EndpointOptions {
  readonly plugin: string;
  readonly scope: Scope;
  readonly onError: OnError;
}

/** Compiles a declared route. @throws NexusError for what the types would have refused */
export function createEndpoint(
  declared: Declared,
  { plugin, scope, onError }: EndpointOptions,
): Endpoint {
  const { method, path, spec } = declared;
  // Only errors say the place, and to make its text takes longer than to compile a route.
  const where = (): string => `${method} ${path} (${declared.place})`;
  checkNames(spec, parseTemplate(path), where);
  const layers = spec.timeout === undefined ? [] : [timeout(spec.timeout)];
  const guard = compileGuard(spec.guards);
  const limit = compileLimit(spec.rateLimit, `${plugin} ${method} ${path}`);
  const answer = createAnswer(declared, scope, where);
  const limited: Answer = async (context) => {
    await limit?.byAddress(context);
    await guard?.(context);
    await limit?.byUser(context);
    return answer(context);
  };
  const guarded: Answer = (context) => {
    const passing = guard?.(context);
    return passing ? passing.then(() => answer(context)) : answer(context);
  };
  const inner = compose(
    [...layers, ...(spec.middleware ?? [])],
    limit ? limited : guard ? guarded : answer,
    onError,
  );
  const run = limit
    ? async (context: Context) => limit.announce(context, await inner(context))
    : inner;
  return {
    method,
    path,
    get place() {
      return declared.place;
    },
    declared,
    plugin,
    scope,
    run,
  };
}

/** A request's way through its route, once it was let in: down and back up once. */
function createAnswer(declared: Declared, scope: Scope, where: () => string): Answer {
  const { spec } = declared;
  const handler = declared.handler as (input: HandlerInput) => unknown;
  const segments = parseTemplate(declared.path);
  const params = new Set(segments.flatMap((part) => (part.kind === "parameter" ? part.name : [])));
  const plan = spec.use && compileUses(spec.use, scope, params, where);
  const readHead = compileHead(spec, segments);
  const readBody = spec.body
    ? compileBody(spec.body)
    : spec.form && compileForm(spec.form, spec.bodyLimit !== undefined);
  const output = compileOutput(spec.response, spec.status ?? 200, where);
  const limit = spec.bodyLimit === undefined ? undefined : bytesOf(spec.bodyLimit);

  const respond = (context: Context, input: HandlerInput): Response | Promise<Response> => {
    const value = handler(input);
    return isThenable(value)
      ? Promise.resolve(value).then((settled) => output(settled, context.request))
      : output(value, context.request);
  };
  const read = inOrder(
    [readHead, readBody, readBody && confirmSender].filter((one) => one !== undefined),
  );

  const begin = (context: Context): HandlerInput => {
    if (limit !== undefined) context.request.bodyLimit = limit;
    return new HandlerInput(context);
  };
  const enter = (context: Context, input: HandlerInput, faults: readonly ErrorItem[]) => {
    if (faults.length) throw new ValidationError(faults);
    return respond(context, input);
  };
  // What waits for nothing gets no promise, on either of the two ways.
  if (!plan)
    return (context) => {
      const input = begin(context);
      if (!read) return respond(context, input);
      const faults: ErrorItem[] = [];
      const reading = read(context, input, faults);
      return reading
        ? reading.then(() => enter(context, input, faults))
        : enter(context, input, faults);
    };
  return (context) => {
    const input = begin(context);
    const faults: ErrorItem[] = [];
    const resolution = new Resolution(context, plan);
    const prepare = (): Pending =>
      after(resolution.begin(faults), () =>
        after(read?.(context, input, faults), () => {
          if (faults.length) throw new ValidationError(faults);
          return resolution.finish(input);
        }),
      );
    const close = (response: Response): Response | Promise<Response> => {
      // Its time was up, and another answer has left: nothing may be committed any more.
      if (context.error !== undefined) throw context.error;
      const closing = resolution.close();
      return closing ? closing.then(() => response) : response;
    };
    const answer = (): Response | Promise<Response> => {
      const response = respond(context, input);
      return response instanceof Promise ? response.then(close) : close(response);
    };
    const fail = async (error: unknown): Promise<never> => {
      context.find(backgroundKey)?.clear();
      throw await resolution.fail(error);
    };
    try {
      const preparing = prepare();
      const answering = preparing ? preparing.then(answer) : answer();
      return answering instanceof Promise ? answering.catch(fail) : answering;
    } catch (error) {
      return fail(error);
    }
  };
}

/** A body arrives as slowly as its sender likes, and who held it back may have been shut out since. */
const confirmSender: Read = (context) => (context.request.hasBody ? confirm(context) : undefined);
