import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { isModuleCode } from "./module-syntax.ts";

/** Whether Node takes a file for CommonJS, by its name, its package, and what is in it. */
export function isCommonJS(file: string): boolean {
  if (/\.c[jt]s$/.test(file)) return true;
  if (!/\.[jt]s$/.test(file)) return false;
  const type = typeOf(dirname(file));
  if (type !== undefined) return type !== "module";
  // TypeScript of no type is a module: see the hooks.
  return file.endsWith(".js") && !isModuleCode(file, readFileSync(file, "utf8"));
}

/** The type that the nearest package.json names. */
function typeOf(folder: string): unknown {
  const text = read(join(folder, "package.json"));
  if (text !== undefined) return typeIn(text);
  const parent = dirname(folder);
  return parent === folder ? undefined : typeOf(parent);
}

function typeIn(text: string): unknown {
  try {
    return (JSON.parse(text) as { readonly type?: unknown } | null)?.type;
  } catch {
    // Half written: whoever needs what it says complains.
    return undefined;
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
