import { type Endpoint, Router } from "../http/index.ts";
import { key } from "../scope.ts";

/** The routes in force: a change is one assignment of a new table, and a request keeps its own. */
export class RouteTable {
  #routes = new Router<Endpoint>();

  get current(): Router<Endpoint> {
    return this.#routes;
  }

  /** Returns the undo. @throws NX_ROUTE_CONFLICT; nothing is added then */
  add(endpoints: readonly Endpoint[]): () => void {
    this.replace([], endpoints);
    return () => this.replace(endpoints, []);
  }

  /** Takes some out and puts others in, in one step. @throws NX_ROUTE_CONFLICT; nothing is changed then */
  replace(old: readonly Endpoint[], next: readonly Endpoint[]): void {
    this.#routes = this.#routes.replace(new Set(old), next);
  }

  /** Whether that could be done now. @throws NX_ROUTE_CONFLICT */
  check(old: readonly Endpoint[], next: readonly Endpoint[]): void {
    this.#routes.replace(new Set(old), next);
  }
}

export const tableKey = key<RouteTable>("nexus/routes");
