import { HTTPException, messageOf, NexusError } from "../exceptions.ts";
import type { PluginInfo } from "../lifecycle/index.ts";
import { PluginFailed } from "../plugin/index.ts";

/** Where it is not the state of things that stands in the way. */
const statuses: Readonly<Record<string, number>> = {
  NX_PLUGIN_UNKNOWN: 404,
  NX_CONFIG: 422,
  NX_PACKAGE: 422,
  NX_PACKAGE_SPEC: 422,
  NX_MANIFEST: 422,
  NX_PLUGIN_OTHER: 422,
  NX_VERSION_UNKNOWN: 422,
  NX_INSTALL: 500,
  NX_PLUGIN_STATE: 500,
  NX_PLUGIN_STOPPED: 503,
  NX_TABLE_EXPORT: 500,
  NX_NPM: 502,
};

/**
 * Does something to plugins; what refuses it is an answer, with the cure.
 * @throws HTTPException for what an operator can mend
 */
export async function refusing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof NexusError)) throw error;
    const errorCode = codeOf(error);
    throw new HTTPException(statuses[errorCode] ?? 409, messageOf(error), {
      errorCode,
      cause: error,
    });
  }
}

/** Who changes something while the app ends hears that, and not what of it is gone already. */
export function aboutToEnd(cause?: unknown): HTTPException {
  return new HTTPException(503, "The app is about to end. Ask again when it has started anew.", {
    errorCode: "NX_PLUGIN_STOPPED",
    headers: { "Retry-After": "5" },
    cause,
  });
}

/** Who waits for a verdict while the app ends. */
export function stillWatched({ name, version }: PluginInfo): HTTPException {
  return new HTTPException(
    503,
    `${name} ${version} is in force, and there is no verdict yet: the app is about to end, and goes on watching when it has started anew.`,
    { errorCode: "NX_PLUGIN_STOPPED", headers: { "Retry-After": "5" } },
  );
}

/** Why a plugin failed says more than that it did. */
function codeOf(error: NexusError): string {
  const { cause } = error;
  return error instanceof PluginFailed && cause instanceof NexusError ? cause.code : error.code;
}
