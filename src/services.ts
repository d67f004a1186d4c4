import { NexusError } from "./exceptions.ts";
import { currentScope, type Key, key, type Scope } from "./scope.ts";

/** Something that a plugin shares among its routes, and with other plugins: made once, started, stopped. */
export abstract class Service {
  start?(): void | Promise<void>;
  stop?(): void | Promise<void>;
}

export type ServiceClass<T extends Service = Service> = abstract new (...args: never[]) => T;

/** For the services of the platform itself: made once an app, when first asked for. */
export const perApp = Symbol.for("nexus.perApp");

const keyOfClass = Symbol.for("nexus.key");

/**
 * The key that a service is found by: stable over reloads, where its class is a new one each time.
 * A plugin's host names it `plugin/Class`; a class may say its own as `static key`.
 */
export function keyOf<T extends Service>(service: ServiceClass<T>): Key<T> {
  const named = service as { [keyOfClass]?: string; key?: string };
  const own = Object.hasOwn(service, keyOfClass) ? named[keyOfClass] : undefined;
  return key<T>(own ?? (Object.hasOwn(service, "key") ? named.key : undefined) ?? service.name);
}

/** Says whose a service is. The first owner stays: a second plugin that lists the class has its own instance. */
export function nameService(service: ServiceClass, owner: string): void {
  if (Object.hasOwn(service, keyOfClass) || Object.hasOwn(service, "key")) return;
  Object.defineProperty(service, keyOfClass, { value: `${owner}/${service.name}` });
}

/**
 * The instance of a service, for a field: `users = inject(UserService)`.
 * @throws NX_NOT_PROVIDED when no plugin here lists it in `static services`
 */
export function inject<T extends Service>(service: ServiceClass<T>): T {
  return findService(currentScope(`inject(${service.name})`), service);
}

/** As `inject`, for a given scope. */
export function findService<T extends Service>(scope: Scope, service: ServiceClass<T>): T {
  const key = keyOf(service);
  const make = (service as { [perApp]?: (app: Scope) => T })[perApp];
  const known = make && scope.find(key);
  return known ?? (make ? scope.root.get(servicesKey).adopt(key, make) : scope.get(key));
}

/** Those whose constructors run at this moment, outermost first; a ring may go through several scopes. */
const making: ServiceClass[] = [];

/** The services of one scope: each is made when first asked for, what it injects before it. */
export class Services {
  #started = false;
  readonly #scope: Scope;
  readonly #made: Service[] = [];

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  offer(service: ServiceClass): void {
    this.#scope.provideLazy(keyOf(service), () => this.#make(service));
  }

  /** Takes in a service that makes itself; one that comes late starts with its first use. */
  adopt<T extends Service>(key: Key<T>, make: (scope: Scope) => T): T {
    const made = this.#scope.run(() => make(this.#scope));
    this.#scope.provide(key, made);
    if (this.#started) this.#scope.defer(() => made.stop?.());
    else this.#made.push(made);
    return made;
  }

  #make(service: ServiceClass): Service {
    if (making.includes(service)) {
      const ring = [...making.slice(making.indexOf(service)), service];
      const names = ring.map(({ name }) => name).join(" → ");
      throw new NexusError("NX_SERVICE_RING", `Services inject each other in a ring: ${names}.`, {
        cure: "Let one of them ask for the other later, inside a method.",
      });
    }
    making.push(service);
    try {
      const made = this.#scope.run(() => new (service as new () => Service)());
      this.#made.push(made);
      return made;
    } finally {
      making.pop();
    }
  }

  /** Makes what nobody has asked for yet. */
  makeAll(services: readonly ServiceClass[]): void {
    for (const service of services) this.#scope.get(keyOf(service));
  }

  /** What was made, in the order of need. */
  get made(): readonly Service[] {
    return this.#made;
  }

  /** Starts what was made, in the order of need; each is stopped when the scope ends. */
  async start(): Promise<void> {
    this.#started = true;
    for (const service of this.#made) {
      this.#scope.defer(() => service.stop?.());
      await this.#scope.run(() => service.start?.());
    }
  }
}

/** Where the app's scope keeps the services of the platform. */
export const servicesKey = key<Services>("nexus/services");
