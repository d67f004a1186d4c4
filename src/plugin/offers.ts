import type { Scope } from "../scope.ts";
import { keyOf, type ServiceClass } from "../services.ts";
import { type Unit, unitOf } from "./unit.ts";

/** Which plugin's services are to be had, for the whole app: any plugin may inject those of any other. */
export class Offers {
  readonly #app: Scope;
  readonly #find: (plugin: string) => Unit | undefined;
  /** By plugin and by the name of the key: what takes an offer back. */
  readonly #undo = new Map<string, Map<string, () => void>>();

  /** @param find who answers for a plugin when nobody's view of it counts */
  constructor(app: Scope, find: (plugin: string) => Unit | undefined) {
    this.#app = app;
    this.#find = find;
  }

  /** Offers these too. A class that two list is its first owner's, for everybody else. */
  add(plugin: string, services: readonly ServiceClass[]): void {
    const own = this.#undo.get(plugin) ?? new Map<string, () => void>();
    this.#undo.set(plugin, own);
    for (const service of services) {
      const key = keyOf(service);
      if (this.#app.has(key)) continue;
      const undo = this.#app.provideFrom(key, (asking) => {
        const asker = unitOf(asking);
        const owner = asker ? asker.see(plugin) : this.#find(plugin);
        // The one that is asked may be of another version than the class.
        return owner?.scope.has(key) ? owner.scope.find(key) : undefined;
      });
      own.set(key.name, undo);
    }
  }

  /** Offers these and no others. */
  set(plugin: string, services: readonly ServiceClass[]): void {
    this.add(plugin, services);
    const names = new Set(services.map((service) => keyOf(service).name));
    const own = this.#undo.get(plugin)!;
    for (const [name, undo] of own) {
      if (names.has(name)) continue;
      undo();
      own.delete(name);
    }
    if (!own.size) this.#undo.delete(plugin);
  }
}
