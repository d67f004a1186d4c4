/** What shall be true of a plugin, also after a restart. */
export interface SavedState {
  readonly enabled: boolean;
  /** The installed version that runs; none for a plugin of the app's own folder. */
  readonly version?: string | undefined;
  /** What was before the last change of version or settings, for as long as one can go back to it. */
  readonly previous?: PreviousVersion | undefined;
  /** What is on its way; one that a start finds was cut short. */
  readonly change?: SavedChange | undefined;
  /** The version is new, and watched. */
  readonly watch?: SavedWatch | undefined;
  /** Over those of the config file; what is secret stands here as it is. */
  readonly settings?: Readonly<Record<string, unknown>> | undefined;
  /** An ISO date. */
  readonly changedAt: string;
}

/** A change of version or settings: written before anything happens, and gone in the step that decides it. */
export interface SavedChange {
  /** Also names the copy of the plugin's tables that is made for it. */
  readonly id: string;
  readonly kind: "upgrade" | "rollback" | "configure" | "finalize";
  /** Where it leads to. */
  readonly version?: string | undefined;
  /** The plugin is stopped for it; where there is a copy of its tables, these are to be put back. */
  readonly stop?: boolean | undefined;
  /** It is decided; only this is left to do. */
  readonly due?: DueChange | undefined;
}

/** What is left of a rollback that a start has decided before it had a database. */
export interface DueChange {
  readonly from: string;
  readonly reason: string;
  /** The copy that the tables are to become. */
  readonly copy?: string | undefined;
}

/** A version in its first time; a start that finds one which is not paused comes after a crash. */
export interface SavedWatch {
  /** An ISO date. */
  readonly until: string;
  /** What the version before had been asked, and had got wrong. */
  readonly before: { readonly requests: number; readonly faults: number };
  /** The process has ended as it was asked to. */
  readonly paused?: boolean | undefined;
  /** Why it is worse than the version before: the process has ended before it was rolled back. */
  readonly worse?: string | undefined;
}

export interface PreviousVersion {
  /** None for a plugin of the app's own folder. */
  readonly version?: string | undefined;
  readonly settings?: Readonly<Record<string, unknown>> | undefined;
  /** The change whose copy of the tables goes with it: the plugin was stopped for that. */
  readonly copy?: string | undefined;
  /** Only settings were changed since then: what was before the version. */
  readonly previous?: PreviousVersion | undefined;
}

/** The copies of tables that a state needs. */
export function copiesIn({ previous, change }: Pick<SavedState, "previous" | "change">): string[] {
  const copies = [change?.id, change?.due?.copy];
  for (let step = previous; step; step = step.previous) copies.push(step.copy);
  return copies.filter((copy) => copy !== undefined);
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

/** `upgrading` is what `change` was called when it knew of less. */
const known = "enabled version previous change watch upgrading settings changedAt".split(" ");

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
