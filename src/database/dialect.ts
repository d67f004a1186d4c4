import type { Dialect } from "kysely";
import type { Catalog } from "./catalog.ts";
import type { Guard } from "./guard.ts";
import type { JoiningDriver } from "./joining-driver.ts";

/** What `Database` needs of an engine. */
export interface NexusDialect extends Dialect {
  readonly driver: JoiningDriver;
  readonly guard: Guard;
  readonly catalog: Catalog;
}
