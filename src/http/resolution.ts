import type { Context } from "../context.ts";
import { type ErrorItem, NexusError } from "../exceptions.ts";
import { currentLog } from "../log.ts";
import { isThenable } from "../waiting.ts";
import { HandlerInput } from "./input.ts";
import { after, eachInTurn, type Pending } from "./in-turn.ts";
import type { Plan, Sources, Step } from "./uses.ts";

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
  /** What was made, by the number of its step. */
  readonly #values: unknown[] = [];
  readonly #later: { readonly step: Step; readonly input: HandlerInput }[] = [];
  readonly #open: Open[] = [];

  constructor(context: Context, plan: Plan) {
    this.#context = context;
    this.#plan = plan;
  }

  /** Makes what lives as long as the request, and reads the inputs of the rest. */
  begin(faults: ErrorItem[]): Pending {
    return eachInTurn(this.#plan.steps, (step) => this.#prepare(step, faults));
  }

  /** Makes what ends before the answer, and fills in all names. */
  finish(input: HandlerInput): Pending {
    const making = eachInTurn(this.#later, ({ step, input: own }) => this.#make(step, own));
    return after(making, () => this.#fill(input, this.#plan.sources));
  }

  #prepare(step: Step, faults: ErrorItem[]): Pending {
    if (step.index in this.#values) return undefined;
    this.#values[step.index] = undefined;
    const override = this.#plan.overrides?.get(step.dependency);
    if (override) return this.#settle(override(), (made) => this.#keep(step, made));
    const preparing = eachInTurn(step.inner, (inner) => this.#prepare(inner, faults));
    return after(preparing, () => this.#read(step, faults));
  }

  #read(step: Step, faults: ErrorItem[]): Pending {
    const input = new HandlerInput(this.#context);
    const before = faults.length;
    return after(step.read?.(this.#context, input, faults), () => {
      const isPossible = step.inner.every(({ index }) => this.#values[index] !== skipped);
      if (!isPossible || faults.length > before) this.#values[step.index] = skipped;
      else if (step.dependency.scope === "request") return this.#make(step, input);
      else this.#later.push({ step, input });
      return undefined;
    });
  }

  #make(step: Step, input: HandlerInput): Pending {
    this.#fill(input, step.sources);
    const run = step.dependency.run as (input: HandlerInput) => unknown;
    return this.#settle(run(input), (made) =>
      isGenerator(made) ? this.#start(step, made) : this.#keep(step, made),
    );
  }

  #settle(made: unknown, go: (settled: unknown) => Pending): Pending {
    return isThenable(made) ? Promise.resolve(made).then(go) : go(made);
  }

  #keep(step: Step, value: unknown): undefined {
    this.#values[step.index] = value;
  }

  async #start(step: Step, made: Generating): Promise<void> {
    const { name, dependency } = step;
    const { value, done } = await made.next();
    if (done) throw yieldsOnce(`The dependency "${name}" ended without a yield.`);
    if (dependency.scope === "function") this.#open.push({ name, made });
    else this.#context.defer(() => endAfterAnswer({ name, made }, this.#context));
    if (this.#context.error !== undefined) await this.#giveUp();
    this.#keep(step, value);
  }

  /** The request's time was up while something was opened: nobody else will close it. */
  async #giveUp(): Promise<never> {
    const { error } = this.#context;
    await this.#context.dispose();
    throw error;
  }

  #fill(input: HandlerInput, sources: Sources): undefined {
    for (const source of sources)
      input[source.name] = source.step
        ? this.#values[source.step.index]
        : source.ask(this.#context);
  }

  /** Ends what ends before the answer: a failure here becomes the answer. */
  close(): Pending {
    return this.#open.length ? this.#close() : undefined;
  }

  async #close(): Promise<void> {
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
