import { type FSWatcher, readdirSync, statSync, watch } from "node:fs";
import { basename, dirname, join, relative, resolve, sep } from "node:path";

/**
 * Tells of whatever changes in a folder, to the bottom, while it comes, goes and is replaced; what stands
 * in it may be a link. What nobody writes by hand is passed over: packages, dot files, databases, logs;
 * and so are tests.
 * @param changed gets the path of a file, or of a folder that came or went
 * @returns the undo
 */
export function watchFolder(folder: string, changed: (path: string) => void): () => void {
  const path = resolve(folder);
  const tell = (found: string): void => {
    if (!isNoise(relative(path, found))) changed(found);
  };
  let inside = open(path, tell);
  // It may not be there yet; who has no place for it will not make it.
  if (!isFolder(dirname(path))) return () => inside.close();
  const around = listen(dirname(path), (event, name) => {
    if (event !== "rename" || name !== basename(path)) return;
    const before = inside;
    before.close();
    inside = open(path, tell);
    for (const place of new Set([...before.places, ...inside.places])) tell(place);
  });
  return () => {
    around.close();
    inside.close();
  };
}

/** What stands in a folder is watched one by one, so that links are followed. */
function open(folder: string, tell: (path: string) => void) {
  const trees = new Map<string, FSWatcher>();
  const descend = (place: string): void => {
    trees.get(place)?.close();
    trees.delete(place);
    if (isNoise(basename(place)) || !isFolder(place)) return;
    const ignore = (name: string): boolean => isNoise(name);
    const tree = listen(place, (_, name) => tell(join(place, name)), { recursive: true, ignore });
    trees.set(place, tree);
  };
  const places = new Set<string>();
  if (!isFolder(folder)) return { places, close() {} };
  const top = listen(folder, (event, name) => {
    const place = join(folder, name);
    places.add(place);
    if (event === "rename") descend(place);
    tell(place);
  });
  for (const name of readdirSync(folder)) places.add(join(folder, name));
  for (const place of places) descend(place);
  return {
    places,
    close() {
      for (const watcher of [top, ...trees.values()]) watcher.close();
    },
  };
}

function listen(
  path: string,
  tell: (event: string, name: string) => void,
  options: object = {},
): FSWatcher {
  const watcher = watch(path, options, (event, name) => {
    if (typeof name === "string") tell(event, name);
  });
  // Of one that is gone the one around it tells.
  return watcher.on("error", () => {});
}

const made =
  /^\.|^node_modules$|~$|\.(?:test|spec)\.[cm]?[jt]s$|\.d\.[cm]?ts$|\.(?:db|sqlite3?)(?:-\w+)?$|\.(?:log|tmp|swp)$|^4913$/;

function isNoise(path: string): boolean {
  return path.split(sep).some((name) => made.test(name));
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
