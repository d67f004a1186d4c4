import { earlierCopy } from "../database/copy-name.ts";
import type { PreviousVersion, SavedState } from "./state.ts";

/** As earlier versions of the platform have written it, when there was one copy of tables for each plugin. */
export interface EarlierState extends Omit<SavedState, "previous"> {
  readonly upgrading?: { readonly version: string; readonly copied?: boolean };
  readonly previous?: PreviousVersion & { readonly stopped?: boolean };
}

/** The same as it is said today. */
export function modernState({ upgrading, previous, ...state }: EarlierState): SavedState {
  const { stopped, ...before } = previous ?? {};
  // The copy that went with it was written over.
  const isLost = stopped && upgrading?.copied;
  return {
    ...state,
    ...(previous && !isLost && { previous: { ...before, ...(stopped && { copy: earlierCopy }) } }),
    ...(upgrading && {
      change: {
        id: earlierCopy,
        kind: "upgrade",
        version: upgrading.version,
        // Before it said so the tables were not touched, and a copy may be that of an upgrade before.
        ...(upgrading.copied && { stop: true }),
      },
    }),
  };
}
