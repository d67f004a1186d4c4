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
    this.#routes = this.#routes.with(endpoints);
    return () => {
      this.#routes = this.#routes.without(new Set(endpoints));
    };
  }
}

export const tableKey = key<RouteTable>("nexus/routes");
