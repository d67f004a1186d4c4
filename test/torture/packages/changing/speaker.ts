import { Service } from "nexus-platform";

/** Of a service, for as long as that one lives. */
export class Speaker extends Service {
  static readonly key = "changing/Speaker";
  #isStopped = false;

  override stop(): void {
    this.#isStopped = true;
  }

  say(): string {
    return this.#isStopped ? "stopped" : "0.0.0";
  }
}
