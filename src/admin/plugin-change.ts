import { AuditService } from "../accounts/index.ts";
import { findContext } from "../context.ts";
import { endingKey } from "../ending.ts";
import { isHTTPException } from "../exceptions.ts";
import { type Lifecycle, lifecycleKey } from "../lifecycle/index.ts";
import { currentScope, key } from "../scope.ts";
import { keyOf } from "../services.ts";
import { aboutToEnd, refusing } from "./plugin-refusal.ts";

/** Who is behind the command line, where whoever asks has come through that. */
export const operatorKey = key<string>("nexus/operator");

type Details = Readonly<Record<string, unknown>>;

export interface PluginChange<T> {
  /** For the audit log: `plugin.enabled`. */
  readonly action: string;
  /** None where it is known by the outcome. */
  readonly plugin?: string;
  /** What helps to understand it; of what failed there is no outcome. */
  readonly details?: (outcome: T | undefined) => Details;
}

/** Found when it is asked for: it is there after the plugins were made. */
export function lifecycle(): Lifecycle {
  return currentScope("lifecycle()").get(lifecycleKey);
}

/**
 * Changes something about a plugin, and writes into the audit log, where there is one, who did it.
 * @throws HTTPException for what an operator can mend
 */
export async function changePlugin<T>(
  change: PluginChange<T>,
  work: (lifecycle: Lifecycle) => Promise<T>,
): Promise<T> {
  const end = currentScope("changePlugin()").root.get(endingKey).begun;
  if (end.aborted) throw aboutToEnd();
  try {
    return await recorded(change, work);
  } catch (error) {
    // What it needs may be gone meanwhile.
    if (end.aborted && !isHTTPException(error)) throw aboutToEnd(error);
    throw error;
  }
}

function recorded<T>(
  { action, plugin, details }: PluginChange<T>,
  work: (lifecycle: Lifecycle) => Promise<T>,
): Promise<T> {
  const done = (): Promise<T> => refusing(() => work(lifecycle()));
  const context = findContext();
  // The door of the command line is there without accounts, too.
  const audit = context?.find(keyOf(AuditService));
  if (!audit) return done();
  const operator = context?.find(operatorKey);
  return audit.record((outcome: T | undefined) => {
    const name = plugin ?? (outcome as { readonly name?: string } | undefined)?.name;
    return {
      action,
      target: name && `plugin:${name}`,
      details: { ...(operator !== undefined && { operator }), ...details?.(outcome) },
    };
  }, done);
}
