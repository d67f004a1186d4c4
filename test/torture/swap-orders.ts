/** What the torturing process says to the tortured one, and hears. */
export interface Order {
  readonly id: number;
  /** A step in a plugin's life, as the lifecycle has it, or `measure`. */
  readonly method: string;
  readonly args: readonly unknown[];
}

export type Outcome =
  | { readonly result: unknown }
  | { readonly refused: { readonly message: string; readonly code?: string | undefined } };

/** What a process holds. */
export interface Measure {
  /** Bytes. */
  readonly heap: number;
  /** Living instances of the platform's classes. */
  readonly plugins: number;
  readonly scopes: number;
  readonly resources: Readonly<Record<string, number>>;
  /** Open ones, sockets included. */
  readonly files: number;
  readonly tally: Tally;
}

/** What the plugin that is changed says of itself, all its versions together. */
export interface Tally {
  /** Work that was begun behind answers and in tasks, and what of it has ended. */
  begun: number;
  done: number;
  /** What a version has seen of another one, or of its own end. */
  readonly faults: string[];
}
