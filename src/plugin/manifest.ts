import valid from "semver/functions/valid.js";
import validRange from "semver/ranges/valid.js";
import { NexusError } from "../exceptions.ts";

/** What a plugin says of itself, in its package.json. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description?: string | undefined;
  readonly title?: string | undefined;
  /** The module with the plugin class as its default export, relative to the folder. */
  readonly entry?: string | undefined;
  /** The versions of this platform that it works with. */
  readonly platform?: string | undefined;
  /** The plugins it needs, with their versions. */
  readonly plugins: Readonly<Record<string, string>>;
  /** The app is ready without it. */
  readonly optional: boolean;
  /** The permissions that it brings, with what each allows. */
  readonly permissions?: Readonly<Record<string, string>> | undefined;
}

/** The manifest of a plugin without a package.json: a class in a test or a single file. */
export function manifestOf(type: Function): Manifest {
  return { name: kebab(type.name), version: "0.0.0", plugins: {}, optional: false };
}

const known = ["entry", "platform", "plugins", "permissions", "title", "optional", "isolation"];

/**
 * Reads a plugin's package.json.
 * @throws NX_MANIFEST with all faults at once
 */
export function readManifest(json: unknown, file: string): Manifest {
  const faults: string[] = [];
  const fail = (what: string): undefined => void faults.push(what);
  const pack = isRecord(json) ? json : (fail("it is no JSON object"), {});
  const nexus = isRecord(pack["nexus"]) ? pack["nexus"] : {};
  if ("nexus" in pack && !isRecord(pack["nexus"])) fail('"nexus" must be an object');
  for (const name of Object.keys(nexus)) {
    if (!known.includes(name)) fail(`"nexus.${name}" is unknown; known are ${known.join(", ")}`);
  }
  const text = (from: Record<string, unknown>, name: string, label = name): string | undefined => {
    const value = from[name];
    return value === undefined || typeof value === "string"
      ? value
      : fail(`"${label}" must be a text`);
  };

  const name = plain(text(pack, "name") ?? "");
  if (!/^[a-z][a-z0-9-]*$/.test(name))
    fail(`"name" must be lower-case letters, digits and dashes, as in "my-plugin"`);
  const version = text(pack, "version") ?? "0.0.0";
  if (!valid(version)) fail(`"version" must be a version, as in "1.0.0"`);
  const platform = text(nexus, "platform", "nexus.platform");
  if (platform !== undefined && validRange(platform) === null)
    fail(`"nexus.platform" must be a range, as in "^1.0.0"`);
  const plugins = nexus["plugins"] ?? {};
  if (!isRecord(plugins)) fail(`"nexus.plugins" must be an object, as in { "auth": "^1.0.0" }`);
  else {
    for (const [other, range] of Object.entries(plugins)) {
      if (typeof range !== "string" || validRange(range) === null)
        fail(`"nexus.plugins.${other}" must be a range, as in "^1.0.0"`);
    }
  }
  const optional = nexus["optional"] ?? false;
  if (typeof optional !== "boolean") fail('"nexus.optional" must be true or false');
  const permissions = readPermissions(nexus["permissions"], fail);
  const manifest: Manifest = {
    name,
    version,
    description: text(pack, "description"),
    title: text(nexus, "title", "nexus.title"),
    entry: text(nexus, "entry", "nexus.entry") ?? text(pack, "main"),
    platform,
    plugins: Object.fromEntries(
      Object.entries(plugins as Record<string, string>).map(([other, range]) => [
        plain(other),
        range,
      ]),
    ),
    optional: optional === true,
    ...(permissions && { permissions }),
  };
  if (!faults.length) return manifest;
  throw new NexusError("NX_MANIFEST", `${file} is at fault: ${faults.join("; ")}.`, {
    cure: "Mend it, and start again.",
  });
}

/** Whether a text may name a permission: words with colons between them, as in `notes:write`. */
export function isPermission(name: string): boolean {
  return name.length <= 100 && /^[\w.-]+(:[\w.-]+)*$/.test(name);
}

/** With what each allows, or a list of names alone. */
function readPermissions(
  found: unknown,
  fail: (what: string) => undefined,
): Record<string, string> | undefined {
  if (found === undefined) return undefined;
  const list = Array.isArray(found) ? found.map((name) => [name, ""] as const) : undefined;
  const pairs: readonly (readonly [unknown, unknown])[] | undefined =
    list ?? (isRecord(found) ? Object.entries(found) : undefined);
  if (!pairs)
    return fail('"nexus.permissions" must be an object, as in { "notes:write": "Change notes" }');
  for (const [name, description] of pairs) {
    if (typeof name !== "string" || !isPermission(name))
      fail(`"nexus.permissions" has ${JSON.stringify(name)}, which is no name as "notes:write"`);
    else if (typeof description !== "string") fail(`"nexus.permissions.${name}" must be a text`);
  }
  return Object.fromEntries(pairs as [string, string][]);
}

/** A plugin is called without the scope of its package. */
function plain(name: string): string {
  return name.replace(/^@[^/]+\//, "");
}

/** `MyPlugin` → `my-plugin`. */
export function kebab(name: string): string {
  return (
    name
      .replace(/([a-z0-9])([A-Z])|([A-Z])([A-Z][a-z])/g, "$1$3-$2$4")
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-+|-+$/g, "") || "plugin"
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
