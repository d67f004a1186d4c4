import { isAbsolute, normalize } from "node:path";
import { closest } from "../config/index.ts";
import { NexusError } from "../exceptions.ts";
import { isRange } from "../semver.ts";

/** A package.json that does not fit: every fault at once, each with its cure. */
export class ManifestError extends NexusError {
  readonly faults: readonly string[];

  constructor(file: string, faults: readonly string[]) {
    const lines = [`${file} is at fault:`, ...faults.map((fault) => `  - ${fault}`)];
    super("NX_MANIFEST", lines.join("\n"));
    this.name = "ManifestError";
    this.faults = faults;
  }
}

/** What is wrong with a manifest, gathered while it is read. */
export class ManifestFaults {
  readonly all: string[] = [];

  say(fault: string): undefined {
    this.all.push(fault);
  }

  add(label: string, value: unknown, cure: string): undefined {
    this.say(`${label} is ${value === undefined ? "missing" : shown(value)}. ${cure}`);
  }

  unknown(key: string, known: readonly string[]): void {
    const meant = closest(key, known);
    const cure =
      meant === undefined ? `Known are ${known.join(", ")}.` : `Did you mean "${meant}"?`;
    this.say(`"nexus.${key}" is unknown. ${cure}`);
  }

  record(value: unknown, label: string, cure: string): Readonly<Record<string, unknown>> {
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
    this.add(label, value, cure);
    return {};
  }

  text(value: unknown, label: string): string | undefined {
    if (value === undefined || typeof value === "string") return value;
    return this.add(label, value, "Write a text.");
  }

  path(value: unknown, label: string): string | undefined {
    const path = this.text(value, label);
    if (path === undefined || isWithin(path)) return path;
    return this.add(label, path, "Name a file in the same folder, or below it.");
  }

  range(value: unknown, label: string): void {
    if (typeof value === "string" && isRange(value)) return;
    this.add(label, value, 'Write a range, as in "^1.0.0".');
  }
}

function isWithin(path: string): boolean {
  return !isAbsolute(path) && !/^\.\.(?:[/\\]|$)/.test(normalize(path));
}

/** As it is written, not at any length. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
