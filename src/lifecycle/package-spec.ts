import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { NexusError } from "../exceptions.ts";
import { isRange } from "../semver.ts";

/** Where a plugin's package is to be had. */
export type PackageSpec =
  | { readonly kind: "folder" | "tarball"; readonly path: string }
  /** As npm writes it, `name@range`: the range may be a tag, and need not be there. */
  | { readonly kind: "npm"; readonly wanted: string };

/**
 * Reads what is to be installed: a path to a folder or a tarball (`./notes`, `plugins/notes`,
 * `notes-1.0.0.tgz`), or the name of an npm package with a range (`@acme/notes@^1.0.0`).
 * @param from where relative paths begin
 * @throws NX_PACKAGE_SPEC for anything else, and for a path where there is none
 */
export async function readPackageSpec(text: string, from: string): Promise<PackageSpec> {
  if (isPath.test(text)) {
    const path = resolve(from, text);
    const found = await stat(path).catch(() => undefined);
    if (found?.isDirectory()) return { kind: "folder", path };
    if (found?.isFile() && isTarball.test(path)) return { kind: "tarball", path };
    throw noPackage(found ? `${path} is neither a folder nor a tarball` : `There is no ${path}`);
  }
  const [, , range] = packageName.exec(text) ?? [];
  const isKnown = range === undefined ? packageName.test(text) : isWanted(range);
  if (isKnown) return { kind: "npm", wanted: text };
  // A name of npm's has one slash at most, and then a scope before it: this can be nothing else.
  const path = resolve(from, text);
  if (text.includes("/") && (await isFolder(path))) return { kind: "folder", path };
  throw noPackage(
    /^[\w+]+:/.test(text)
      ? "Nothing is installed from a URL"
      : `"${text}" is neither a path nor an npm package`,
  );
}

const isTarball = /\.(?:tgz|tar\.gz)$/i;
/** A URL is none, even of a tarball. */
const isPath = /^(?:\.{0,2}[/\\]|\.{1,2}$|[a-z]:[/\\])|^(?!\w+:).*\.(?:tgz|tar\.gz)$/i;
/** No option of npm, whose names begin with a dash. */
const packageName = /^((?:@[a-z0-9~][\w.~-]*\/)?[a-z0-9~][\w.~-]*)(?:@(.*))?$/;

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
}

function isWanted(range: string): boolean {
  return range !== "" && (isRange(range) || /^[a-z][\w.-]*$/i.test(range));
}

function noPackage(what: string): NexusError {
  return new NexusError("NX_PACKAGE_SPEC", `${what}.`, {
    cure: "Give ./a/folder, a tarball.tgz, or the name of an npm package, as in @acme/notes@^1.0.0.",
  });
}
