import { setTimeout as sleep } from "node:timers/promises";
import { gone, Standing } from "./changing-load.ts";
import type { Tortured } from "./tortured.ts";

/** Leads the plugin from one version to the other and back, out of sight and back. */
export class Changes {
  readonly changing = new Standing("1.0.0");
  /** Of the plugin that needs it: which version it sees. */
  readonly leaning = new Standing("1.0.0");
  readonly #process: Tortured;
  readonly #random: () => number;
  count = 0;

  constructor(process: Tortured, random: () => number) {
    this.#process = process;
    this.#random = random;
  }

  async cycle(): Promise<void> {
    const hide = [() => this.#disable(), () => this.#enable()];
    const steps = this.#random() < 0.5 ? hide : [];
    await this.#all([
      () => this.#upgrade(),
      ...steps,
      () => this.#rollback(),
      ...(steps.length ? [] : hide),
    ]);
  }

  async #all(steps: readonly (() => Promise<void>)[]): Promise<void> {
    for (const step of steps) {
      await step();
      this.count++;
      await sleep(this.#random() * 30);
    }
  }

  async #upgrade(): Promise<void> {
    // Half of them are watched until the next step.
    const options = { window: this.#random() < 0.5 ? 30 : 0 };
    await this.#to("1.1.0", ["upgrade", "changing", { version: "1.1.0" }, options], this.#both);
  }

  async #rollback(): Promise<void> {
    await this.#to("1.0.0", ["rollback", "changing"], this.#both);
  }

  async #disable(): Promise<void> {
    await this.#to(gone, ["disable", "changing", { cascade: true }], this.#both);
  }

  async #enable(): Promise<void> {
    const { version } = await this.#process.change("info", "changing");
    await this.#to(version, ["enable", "changing"], [this.changing]);
    await this.#to(version, ["enable", "leaning"], [this.leaning]);
  }

  get #both(): readonly Standing[] {
    return [this.changing, this.leaning];
  }

  async #to(
    version: string,
    [method, ...args]: readonly [string, ...(readonly unknown[])],
    standings: readonly Standing[],
  ): Promise<void> {
    for (const standing of standings) standing.change(version);
    await this.#process.order(method, ...args);
    for (const standing of standings) standing.settle(version);
  }
}
