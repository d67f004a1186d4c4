import type { Context } from "../context.ts";
import { type ErrorItem, NexusError } from "../exceptions.ts";
import { currentLog } from "../log.ts";
import { HandlerInput } from "./input.ts";
import type { AnyDependency, Plan, Sources, Step } from "./uses.ts";

type Generating =
  | AsyncGenerator<unknown, unknown, undefined>
  | Generator<unknown, unknown, undefined>;

/** A dependency that is to be cleaned up. */
interface Open {
  readonly name: string;
  readonly made: Generating;
}

const skipped = Symbol("skipped");

/** The dependencies of one request: each made once, and cleaned up newest first. */
export class Resolution {
  readonly #context: Context;
  readonly #plan: Plan;
  readonly #values = new Map<AnyDependency, unknown>();
  readonly #later: { readonly step: Step; readonly input: HandlerInput }[] = [];
  readonly #open: Open[] = [];

  constructor(context: Context, plan: Plan) {
    this.#context = context;
    this.#plan = plan;
  }

  /** Makes what lives as long as the request, and reads the inputs of the rest. */
  async begin(faults: ErrorItem[]): Promise<void> {
    for (const [, source] of this.#plan.sources) {
      if (source.kind === "step") await this.#prepare(source.step, faults);
    }
  }

  /** Makes what ends before the answer, and fills in all names. */
  async finish(input: HandlerInput): Promise<void> {
    for (const { step, input: own } of this.#later) {
      this.#fill(own, step.sources);
      this.#values.set(step.dependency, await this.#make(step, own));
    }
    this.#fill(input, this.#plan.sources);
  }

  /** @returns whether there is, or will be, a value: not when its inputs are at fault */
  async #prepare(step: Step, faults: ErrorItem[]): Promise<boolean> {
    const { dependency } = step;
    if (this.#values.has(dependency)) return this.#values.get(dependency) !== skipped;
    this.#values.set(dependency, undefined);
    const override = this.#plan.overrides?.get(dependency);
    if (override) {
      this.#values.set(dependency, await override());
      return true;
    }
    let possible = true;
    for (const [, source] of step.sources) {
      if (source.kind === "step" && !(await this.#prepare(source.step, faults))) possible = false;
    }
    const input = new HandlerInput(this.#context);
    const before = faults.length;
    await step.read?.(this.#context, input, faults);
    if (!possible || faults.length > before) {
      this.#values.set(dependency, skipped);
      return false;
    }
    if (dependency.scope === "function") this.#later.push({ step, input });
    else {
      this.#fill(input, step.sources);
      this.#values.set(dependency, await this.#make(step, input));
    }
    return true;
  }

  async #make({ name, dependency }: Step, input: HandlerInput): Promise<unknown> {
    const made = await (dependency.run as (input: HandlerInput) => unknown)(input);
    if (!isGenerator(made)) return made;
    const { value, done } = await made.next();
    if (done) throw yieldsOnce(`The dependency "${name}" ended without a yield.`);
    if (dependency.scope === "function") this.#open.push({ name, made });
    else this.#context.defer(() => endAfterAnswer({ name, made }, this.#context));
    if (this.#context.error !== undefined) await this.#giveUp();
    return value;
  }

  /** The request's time was up while something was opened: nobody else will close it. */
  async #giveUp(): Promise<never> {
    const { error } = this.#context;
    await this.#context.dispose();
    throw error;
  }

  #fill(input: HandlerInput, sources: Sources): void {
    for (const [name, source] of sources) {
      input[name] =
        source.kind === "fixed"
          ? source.value
          : source.kind === "asked"
            ? source.ask(this.#context)
            : this.#values.get(source.step.dependency);
    }
  }

  /** Ends what ends before the answer: a failure here becomes the answer. */
  async close(): Promise<void> {
    for (let open = this.#open.pop(); open; open = this.#open.pop()) await end(open);
  }

  /** Throws the handler's error into what is open. @returns the error that becomes the answer */
  async fail(error: unknown): Promise<unknown> {
    let answer = error;
    for (let open = this.#open.pop(); open; open = this.#open.pop()) {
      try {
        await throwInto(open, answer);
      } catch (thrown) {
        answer = thrown;
      }
    }
    return answer;
  }
}

function isGenerator(value: unknown): value is Generating {
  return typeof value === "object" && value !== null && "next" in value && "throw" in value;
}

async function end({ name, made }: Open): Promise<void> {
  if ((await made.next()).done) return;
  await made.return(undefined);
  throw yieldsOnce(`The dependency "${name}" yielded twice.`);
}

/** What goes on after a `yield` in its `catch` would wait there for ever. */
async function throwInto({ name, made }: Open, error: unknown): Promise<void> {
  if ((await made.throw(error)).done) return;
  await made.return(undefined);
  throw yieldsOnce(`The dependency "${name}" yielded again after an error.`);
}

function yieldsOnce(what: string): NexusError {
  return new NexusError("NX_DEPENDENCY", what, {
    cure: "A generator yields its value once, and cleans up after that.",
  });
}

async function endAfterAnswer(open: Open, { error }: Context): Promise<void> {
  try {
    if (error === undefined) await end(open);
    else await throwInto(open, error);
  } catch (thrown) {
    if (thrown !== error)
      currentLog().error({ err: thrown }, `The dependency "${open.name}" did not end cleanly`);
  }
}
