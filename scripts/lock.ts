import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Completes package-lock.json with the optional packages of other platforms. `npm install` leaves out
 * those that the registry at hand does not serve, or that another machine never installed, and
 * `npm ci` then refuses the whole file. Run it after adding a dependency: `npm run lock`.
 */
interface Entry {
  version?: string;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
}

const file = join(import.meta.dirname, "../package-lock.json");
const lock = JSON.parse(readFileSync(file, "utf8")) as { packages: Record<string, Entry> };
const systems = /(android|darwin|freebsd|linux|netbsd|openbsd|openharmony|sunos|win32|aix|wasm32)/;
const added: string[] = [];

for (const { optionalDependencies = {} } of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(optionalDependencies)) {
    const path = `node_modules/${name}`;
    const [os] = systems.exec(name) ?? [];
    if (path in lock.packages || os === undefined) continue;
    lock.packages[path] = { version, ...cpuOf(name), optional: true, ...systemOf(os, name) };
    added.push(`${name}@${version}`);
  }
}
if (added.length > 0) {
  const sorted = Object.entries(lock.packages).toSorted(([a], [b]) => a.localeCompare(b, "en"));
  lock.packages = Object.fromEntries(sorted);
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
}
console.log(added.length > 0 ? `added ${added.join("\n      ")}` : "package-lock.json is complete");

function cpuOf(name: string): Entry {
  const [cpu] = /arm64|arm|x64|ia32|ppc64|riscv64|s390x|loong64|mips64el|wasm32/.exec(name) ?? [];
  return cpu === undefined ? {} : { cpu: [cpu] };
}

function systemOf(os: string, name: string): Entry {
  if (os === "wasm32") return {};
  const libc = os === "linux" ? [/musl/.test(name) ? "musl" : "glibc"] : undefined;
  return { os: [os], ...(libc ? { libc } : {}) };
}
