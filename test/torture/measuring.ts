import { setTimeout as sleep } from "node:timers/promises";
import type { Measure } from "./swap-orders.ts";
import type { Tortured } from "./tortured.ts";

/** What a process holds when it has come to rest: old versions have ended, tasks are done. */
export async function measure(process: Tortured, before?: Measure): Promise<Measure> {
  let last: Measure | undefined;
  for (let look = 0; look < 15; look++) {
    const now = await process.measure();
    const isCalm = before ? compare(before, now).length === 0 : last && isSame(last, now);
    if (isCalm && now.tally.begun === now.tally.done) return now;
    last = now;
    await sleep(200);
  }
  return last!;
}

const isSame = (one: Measure, other: Measure): boolean =>
  one.plugins === other.plugins && one.scopes === other.scopes && one.files === other.files;

/** Bytes that may come and go, as code is compiled and caches are filled. */
const tolerance = 4_000_000;

/** @returns what there is more of */
export function compare(before: Measure, after: Measure): string[] {
  const grown: string[] = [];
  const look = (what: string, was: number, is: number, allowed = 0): void => {
    if (is > was + allowed) grown.push(`${what}: ${was} before, ${is} after`);
  };
  look("bytes of the heap", before.heap, after.heap, tolerance);
  look("plugins", before.plugins, after.plugins);
  look("scopes", before.scopes, after.scopes);
  look("open files and sockets", before.files, after.files);
  for (const [name, is] of Object.entries(after.resources))
    look(name, before.resources[name] ?? 0, is);
  return grown;
}

export function describe({ heap, plugins, scopes, files, resources }: Measure): string {
  const handles = Object.entries(resources).map(([name, count]) => `${count} ${name}`);
  const megabytes = (heap / 1e6).toFixed(1);
  return `heap ${megabytes} MB, ${plugins} plugins, ${scopes} scopes, ${files} files; ${handles.join(", ")}`;
}
