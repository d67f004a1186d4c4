import { messageOf, NexusError } from "../exceptions.ts";

/** What is done while neither the old ones run nor the new ones. */
export interface Pause {
  stopped(): Promise<void>;
  /** Undoes it: the new ones have failed, and the old ones are about to run again. */
  failed?(): Promise<void>;
}

/** What was done in a pause could not be undone: neither the old ones nor the new ones may run. */
export class NotUndone extends NexusError {
  constructor(cause: unknown, failure: unknown) {
    super(
      "NX_PLUGIN_PAUSED",
      `What was done while it was stopped could not be undone: ${messageOf(cause)}. It was undone since: ${messageOf(failure)}`,
      { cure: "Mend that, and enable it: what is to be undone is undone first.", cause },
    );
  }
}

/**
 * Does what a pause is for, and then the work; where that fails, it is undone.
 * @param drop ends what the work has made
 * @throws NotUndone, else what has failed
 */
export async function inPause(
  stop: true | Pause,
  work: () => Promise<void>,
  drop: () => Promise<void>,
): Promise<void> {
  const pause = stop === true ? undefined : stop;
  await pause?.stopped();
  try {
    await work();
  } catch (error) {
    await drop();
    try {
      await pause?.failed?.();
    } catch (cause) {
      throw new NotUndone(cause, error);
    }
    throw error;
  }
}
