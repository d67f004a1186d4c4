import { type FSWatcher, lstatSync, readdirSync, type Stats, statSync, watch } from "node:fs";
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
  const open = (): Tree => watchTree(path, tell, statSync);
  let tree = open();
  // It may not be there yet; who has no place for it will not make it.
  if (!isFolder(dirname(path), statSync)) return tree.close;
  const around = listen(dirname(path), (event, name) => {
    if (event !== "rename" || name !== basename(path)) return;
    const before = tree;
    before.close();
    tree = open();
    for (const found of before.names.union(tree.names)) tell(join(path, found));
  });
  return () => {
    around.close();
    tree.close();
  };
}

interface Tree {
  /** What stands, or stood, in the folder. */
  readonly names: Set<string>;
  readonly close: () => void;
}

/**
 * Watches each folder by itself: Node's own way to the bottom loses files that are replaced in some of its
 * versions, and begins in node_modules.
 * @param look what is in the folder; below that links are not followed, since they may lead back
 */
function watchTree(folder: string, tell: (path: string) => void, look: Look): Tree {
  const names = new Set<string>();
  const inner = new Map<string, Tree>();
  const descend = (name: string): void => {
    inner.get(name)?.close();
    inner.delete(name);
    const path = join(folder, name);
    if (isNoise(name) || !isFolder(path, look)) return;
    try {
      inner.set(name, watchTree(path, tell, lstatSync));
    } catch (error) {
      // It has gone since: that is told too.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  };
  if (!isFolder(folder, statSync)) return { names, close() {} };
  const watcher = listen(folder, (event, name) => {
    names.add(name);
    if (event === "rename") descend(name);
    tell(join(folder, name));
  });
  for (const name of readdirSync(folder)) names.add(name);
  for (const name of names) descend(name);
  const close = (): void => {
    watcher.close();
    for (const tree of inner.values()) tree.close();
  };
  return { names, close };
}

function listen(path: string, tell: (event: string, name: string) => void): FSWatcher {
  const watcher = watch(path, (event, name) => {
    if (name !== null) tell(event, name);
  });
  // Of one that is gone the one around it tells.
  return watcher.on("error", () => {});
}

const made =
  /^\.|^node_modules$|~$|\.(?:test|spec)\.[cm]?[jt]s$|\.d\.[cm]?ts$|\.(?:db|sqlite3?)(?:-\w+)?$|\.(?:log|tmp|swp)$|^4913$/;

function isNoise(path: string): boolean {
  return path.split(sep).some((name) => made.test(name));
}

type Look = (path: string, options: { throwIfNoEntry: false }) => Stats | undefined;

function isFolder(path: string, look: Look): boolean {
  return look(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
