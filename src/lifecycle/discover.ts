import { existsSync } from "node:fs";
import { sep } from "node:path";
import { messageOf, NexusError } from "../exceptions.ts";
import { bringInForce, type PlaceFault } from "../plugin/in-force.ts";
import { placesIn } from "../plugin/loader.ts";
import { type LifecycleOptions, originOf, tell } from "./options.ts";

/**
 * Starts what is new in the author's folder, and forgets what is there no more; what cannot be started
 * stands in nobody's way.
 * @returns the names of the new ones
 * @throws what stood in the way of one; NX_DISCOVER with all faults, where there are several
 */
export async function discover(options: LifecycleOptions): Promise<string[]> {
  const { host, pluginsFolder, modules, states, routes } = options;
  if (pluginsFolder === undefined) return [];
  const known = host.plugins.filter(({ folder }) => folder !== undefined);
  // What has failed, at whatever step, may have been mended since.
  const passed = known.filter(({ failure }) => !failure);
  const places = new Set(await placesIn(pluginsFolder)).difference(
    new Set(passed.map(({ folder }) => folder!)),
  );
  const gone = known.filter(
    ({ name, folder }) =>
      folder!.startsWith(pluginsFolder + sep) &&
      !existsSync(folder!) &&
      originOf(options, name) === "folder",
  );
  const found: string[] = [];
  const faults: PlaceFault[] = [];
  modules?.forget([...places]);
  await bringInForce(
    [...places, ...gone.map(({ folder }) => folder!)],
    { host, modules, migrations: "all" },
    {
      put: (sources) => void found.push(...sources.map(({ manifest }) => manifest.name)),
      async removed(name) {
        await states.change({ [name]: undefined });
        // What cannot be written is forgotten by the next start.
        void routes?.note(name, []).catch(() => {});
        tell(options, name, "Gone from the author's folder");
      },
      failed: (fault) => void faults.push(fault),
    },
  );
  if (faults.length) throw faultOf(pluginsFolder, faults, found);
  return found;
}

function faultOf(folder: string, faults: readonly PlaceFault[], found: readonly string[]): unknown {
  const [first, second] = faults;
  if (!second && !found.length) return first!.error;
  const list = faults
    .map(({ name, error }) => `\n  - ${name}: ${messageOf(error).replaceAll("\n", "\n    ")}`)
    .join("");
  const started = found.length
    ? `${found.join(", ")} came into force; these did not`
    : "None came into force";
  return new NexusError("NX_DISCOVER", `Of ${folder}: ${started}:${list}`, {
    cause: first!.error,
  });
}
