import { endQuietly } from "./boot.ts";
import { inPause } from "./pause.ts";
import type { PutOptions } from "./put-options.ts";
import { PluginFailed } from "./plugin-failed.ts";
import type { Entrant, Ground } from "./swap.ts";
import { Unit } from "./unit.ts";

/**
 * Gives those that are disabled what they have when they are enabled: nothing of them is made or started.
 * @throws PluginFailed where settings or migrations fail; nothing is changed then
 */
export async function putIdle(
  ground: Ground,
  entrants: readonly Entrant[],
  { stop = false, migrations, decide }: PutOptions,
): Promise<void> {
  const units = entrants.map(
    ({ source, settings }) =>
      new Unit({ source, settings, around: ground.around, find: () => undefined }),
  );
  const drop = async (): Promise<void> => {
    for (const unit of units) await endQuietly(ground, unit, 0);
  };
  const take = async (): Promise<void> => {
    if (migrations) await each(units, "start", (unit) => unit.migrate(migrations));
    await decide?.();
  };
  try {
    // What is decided is to hold when it is enabled.
    if (decide) await each(units, "config", (unit) => unit.configure());
    if (stop) await inPause(stop, take, drop);
    else await take();
  } finally {
    await drop();
  }
  for (const { record, source, settings } of entrants)
    Object.assign(record, { source, settings, manifest: source.manifest });
}

async function each(
  units: readonly Unit[],
  step: string,
  work: (unit: Unit) => Promise<void>,
): Promise<void> {
  for (const unit of units) {
    try {
      await work(unit);
    } catch (error) {
      throw new PluginFailed(unit.source.manifest, step, error);
    }
  }
}
