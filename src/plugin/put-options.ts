import type { Pause } from "./pause.ts";
import type { MigrationMode } from "./unit.ts";

export interface PutOptions {
  /** Default: those that the plugin has. */
  readonly settings?: Readonly<Record<string, unknown>> | undefined;
  /** Stops the old ones before; their routes answer 503 meanwhile. */
  readonly stop?: boolean | Pause;
  /**
   * Default `additive`, since the old code runs beside the new; with `stop` `expand`; of one that is
   * disabled none.
   */
  readonly migrations?: MigrationMode;
  /** Keeps one that is new and fails, as a value; else it is forgotten. */
  readonly keep?: boolean;
  /** Seconds that what runs in the old ones gets; default 30. */
  readonly drain?: number;
  /**
   * Runs when the new ones are well, and nobody has seen them yet: whoever kills the process from then on
   * finds them at the next start. When it fails, so do they.
   */
  readonly decide?: () => Promise<void>;
}

export interface Swapped {
  /** All that were started: what was put, and what needs it, in the order of need. */
  readonly plugins: readonly string[];
  /** Resolves when the last of the old ones has ended. */
  readonly drained: Promise<void>;
}
