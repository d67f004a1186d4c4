/** Gathers what is asked for at about the same time, and does it in one go. */
export class Batch<In, Out> {
  readonly #work: (all: readonly In[]) => Promise<readonly Out[]>;
  #waiting: { readonly one: In; readonly done: PromiseWithResolvers<Out> }[] = [];

  /** @param work has an answer for each, in their order */
  constructor(work: (all: readonly In[]) => Promise<readonly Out[]>) {
    this.#work = work;
  }

  add(one: In): Promise<Out> {
    if (!this.#waiting.length) setImmediate(() => void this.#flush());
    const done = Promise.withResolvers<Out>();
    this.#waiting.push({ one, done });
    return done.promise;
  }

  async #alone(one: In): Promise<Out> {
    const [answer] = await this.#work([one]);
    return answer!;
  }

  async #flush(): Promise<void> {
    const all = this.#waiting;
    this.#waiting = [];
    try {
      const answers = await this.#work(all.map(({ one }) => one));
      for (const [at, { done }] of all.entries()) done.resolve(answers[at]!);
    } catch (error) {
      // One of them may be the reason: the others shall not suffer for it.
      if (all.length > 1) for (const { one, done } of all) done.resolve(this.#alone(one));
      else all[0]!.done.reject(error);
    }
  }
}
