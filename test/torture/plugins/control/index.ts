import { Plugin } from "nexus-platform";
import { type Lifecycle, lifecycleKey } from "nexus-platform/lifecycle";
import { currentScope, Scope } from "nexus-platform/scope";
import { readdirSync } from "node:fs";
import { queryObjects, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Order, Outcome, Tally } from "../../swap-orders.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Does what the process at the other end of the channel orders. */
export default class Control extends Plugin {
  override start(): void {
    const lifecycle = currentScope("control").root.get(lifecycleKey);
    const obey = ({ id, ...order }: Order): void => {
      const answer = (outcome: Outcome): void => void process.send?.({ id, ...outcome });
      Promise.resolve(order.method === "measure" ? measure() : lead(lifecycle, order)).then(
        (result) => answer({ result }),
        (error: Error & { code?: string }) =>
          answer({ refused: { message: error.message, code: error.code } }),
      );
    };
    process.on("message", obey);
    this.defer(() => process.off("message", obey));
  }
}

type Steps = Record<string, (...args: readonly unknown[]) => Promise<unknown>>;

function lead(lifecycle: Lifecycle, { method, args }: Omit<Order, "id">): Promise<unknown> {
  return (lifecycle as unknown as Steps)[method]!(...args);
}

/** What this process holds, when nothing of it is waste. */
function measure() {
  collect();
  const live = { plugins: count(Plugin), scopes: count(Scope) };
  collect();
  return {
    ...live,
    heap: process.memoryUsage().heapUsed,
    resources: tally(process.getActiveResourcesInfo()),
    // Of the folder that is read here there is one, too.
    files: process.platform === "linux" ? readdirSync("/proc/self/fd").length : 0,
    tally: (globalThis as { torture?: Tally }).torture ?? { begun: 0, done: 0, faults: [] },
  };
}

function count(type: abstract new (...args: never[]) => object): number {
  return queryObjects(type, { format: "count" });
}

function tally(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names.toSorted()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
