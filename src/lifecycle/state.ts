/** What shall be true of a plugin, also after a restart. */
export interface SavedState {
  readonly enabled: boolean;
  /** The installed version that runs; none for a plugin of the app's own folder. */
  readonly version?: string | undefined;
  /** What ran before the last change of version or settings, for as long as one can go back to it. */
  readonly previous?: PreviousVersion | undefined;
  /** An upgrade that is on its way; one that a start finds was cut short. */
  readonly upgrading?: Upgrading | undefined;
  /** Over those of the config file; what is secret stands here as it is. */
  readonly settings?: Readonly<Record<string, unknown>> | undefined;
  /** An ISO date. */
  readonly changedAt: string;
}

export interface Upgrading {
  readonly version: string;
  /** The tables were copied, and are to be restored before the version before runs again. */
  readonly copied?: boolean | undefined;
}

export interface PreviousVersion {
  /** None for a plugin of the app's own folder. */
  readonly version?: string | undefined;
  readonly settings?: Readonly<Record<string, unknown>> | undefined;
  /** The upgrade stopped the plugin, and copied its tables first. */
  readonly stopped?: boolean | undefined;
}

/** The whole new state of each plugin that changes; `undefined` forgets it. */
export type StateChanges = Readonly<Record<string, Omit<SavedState, "changedAt"> | undefined>>;

/** Remembers what operators have decided of plugins. */
export interface PluginStates {
  /** The plugins of which anything was decided. */
  readonly names: readonly string[];
  get(name: string): SavedState | undefined;
  /** One transition: when it resolves all of it is kept, and until then nothing. */
  change(changes: StateChanges): Promise<void>;
}

/** Remembers for as long as the process lives. */
export class MemoryStates implements PluginStates {
  #states: ReadonlyMap<string, SavedState> = new Map();

  get names(): readonly string[] {
    return [...this.#states.keys()];
  }

  get(name: string): SavedState | undefined {
    return this.#states.get(name);
  }

  async change(changes: StateChanges): Promise<void> {
    this.#states = withChanges(this.#states, changes);
  }
}

const known = ["enabled", "version", "previous", "upgrading", "settings", "changedAt"];

/** The states after a transition; members that a later version of the platform has added stay. */
export function withChanges(
  states: ReadonlyMap<string, SavedState>,
  changes: StateChanges,
): ReadonlyMap<string, SavedState> {
  const next = new Map(states);
  const changedAt = new Date().toISOString();
  for (const [name, change] of Object.entries(changes)) {
    if (change === undefined) next.delete(name);
    else {
      const others = Object.entries(states.get(name) ?? {}).filter(([key]) => !known.includes(key));
      // What a file would give back: no values that nobody has given, and nothing that others change later.
      const copy = JSON.parse(JSON.stringify(change)) as typeof change;
      next.set(name, { ...Object.fromEntries(others), ...copy, changedAt });
    }
  }
  return next;
}
