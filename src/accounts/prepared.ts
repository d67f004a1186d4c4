import type { CompiledQuery } from "kysely";
import type { Database } from "../database/index.ts";
import type { Tables } from "./tables.ts";

/** What stands in a compiled query where a value of each request goes. */
class Place {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/**
 * Finds a row by a query that is built and compiled once: that takes as long as all the rest of a
 * request, and every request of somebody who is signed in asks.
 * @param build gets places in which values go; it may hand them on, and not look into them
 */
export function prepare<Values extends object, Row>(
  db: Database<Tables>,
  build: (values: Values) => { compile(): CompiledQuery<Row> },
): (values: Values) => Promise<Row | undefined> {
  const places = new Proxy({}, { get: (_, name) => new Place(String(name)) }) as Values;
  let compiled: CompiledQuery<Row> | undefined;
  return async (values) => {
    compiled ??= build(places).compile();
    const parameters = compiled.parameters.map((one) =>
      one instanceof Place ? values[one.name as keyof Values] : one,
    );
    const { rows } = await db.executeQuery<Row>({ ...compiled, parameters });
    return rows[0];
  };
}
