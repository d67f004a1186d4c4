/** One step at a time for each plugin, in the order in which they were asked for. */
export class Turns {
  readonly #latest = new Map<string, Promise<unknown>>();

  take<T>(plugin: string, work: () => Promise<T>): Promise<T> {
    const before = this.#latest.get(plugin) ?? Promise.resolve();
    const turn = before.then(work);
    const settled = turn.catch(() => {});
    this.#latest.set(plugin, settled);
    void settled.then(() => this.#latest.get(plugin) === settled && this.#latest.delete(plugin));
    return turn;
  }
}
