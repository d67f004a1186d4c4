import { messageOf, NexusError } from "../exceptions.ts";
import { isVersion as isSemver } from "../semver.ts";
import { ManifestError, ManifestFaults, shown } from "./manifest-faults.ts";

/** What a plugin says of itself, in its package.json. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description?: string | undefined;
  readonly license?: string | undefined;
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

export interface ManifestOptions {
  /** It is given away, so it must say its version, and that it is a plugin; default false. */
  readonly published?: boolean;
}

/**
 * Reads the text of a plugin's package.json.
 * @throws NX_MANIFEST as `readManifest`, or for what is no JSON
 */
export function parseManifest(text: string, file: string, options?: ManifestOptions): Manifest {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new NexusError("NX_MANIFEST", `${file} is no JSON: ${messageOf(cause)}.`, { cause });
  }
  return readManifest(json, file, options);
}

const known = ["entry", "platform", "plugins", "permissions", "title", "optional", "isolation"];

/**
 * Reads a plugin's package.json.
 * @throws NX_MANIFEST with all faults at once
 */
export function readManifest(
  json: unknown,
  file: string,
  { published = false }: ManifestOptions = {},
): Manifest {
  const faults = new ManifestFaults();
  const pack = faults.record(json, "It", 'Write an object, as in { "name": "my-plugin" }.');
  const { nexus: section = published ? undefined : {} } = pack;
  const nexus = faults.record(
    section,
    '"nexus"',
    'Write an object, as in { "entry": "index.ts" }.',
  );
  for (const key of Object.keys(nexus)) if (!known.includes(key)) faults.unknown(key, known);

  const { name: full, version = published ? undefined : "0.0.0" } = pack;
  const name = typeof full === "string" ? plain(full) : "";
  if (!isPluginName(name)) faults.add('"name"', full, nameCure(name));
  if (!isVersion(version)) faults.add('"version"', version, 'Write a version, as in "1.0.0".');
  const platform = nexus["platform"] as string | undefined;
  if (platform !== undefined) faults.range(platform, '"nexus.platform"');
  const { optional = false, plugins: needs = {} } = nexus;
  if (typeof optional !== "boolean")
    faults.add('"nexus.optional"', optional, "Write true or false.");
  const permissions = readPermissions(nexus["permissions"], faults);
  const manifest: Manifest = {
    name,
    version: version as string,
    description: faults.text(pack["description"], '"description"'),
    license: faults.text(pack["license"], '"license"'),
    title: faults.text(nexus["title"], '"nexus.title"'),
    entry: faults.path(nexus["entry"], '"nexus.entry"') ?? faults.path(pack["main"], '"main"'),
    platform,
    plugins: readNeeds(needs, name, faults),
    optional: optional === true,
    ...(permissions && { permissions }),
  };
  if (faults.all.length) throw new ManifestError(file, faults.all);
  return manifest;
}

/** Lower-case letters, digits and dashes: it stands in paths, in folders and in variables. */
export function isPluginName(name: unknown): name is string {
  return typeof name === "string" && name.length <= 100 && /^[a-z][a-z0-9-]*$/.test(name);
}

/** What to write in the place of a name that no plugin can have. */
export function nameCure(name: string): string {
  const [example] = [name && kebab(name), "my-plugin"].filter(isPluginName);
  return `Write lower-case letters, digits and dashes, as in "${example}".`;
}

/** As `1.0.0-beta.1+build`, and in no other spelling: two would be two folders of one version. */
export function isVersion(version: unknown): version is string {
  if (typeof version !== "string" || version.length > 100) return false;
  return /^\d\S*$/.test(version) && isSemver(version);
}

/** Whether a text may name a permission: words with colons between them, as in `notes:write`. */
export function isPermission(name: string): boolean {
  return name.length <= 100 && /^[\w.-]+(:[\w.-]+)*$/.test(name);
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

/** Each plugin that it needs under its plain name. */
function readNeeds(found: unknown, own: string, faults: ManifestFaults): Record<string, string> {
  const needs = new Map<string, string>();
  const label = '"nexus.plugins"';
  const written = faults.record(found, label, 'Write an object, as in { "auth": "^1.0.0" }.');
  for (const [full, range] of Object.entries(written)) {
    const name = plain(full);
    if (!isPluginName(name)) faults.say(`${label} has "${full}". Write the name of a plugin.`);
    if (name === own) faults.say(`${label} has "${full}", which is itself. Remove it.`);
    if (needs.has(name)) faults.say(`${label} has "${name}" twice. Remove one of them.`);
    faults.range(range, `"nexus.plugins.${full}"`);
    needs.set(name, range as string);
  }
  return Object.fromEntries(needs);
}

/** With what each allows, or a list of names alone. */
function readPermissions(
  found: unknown,
  faults: ManifestFaults,
): Record<string, string> | undefined {
  if (found === undefined) return undefined;
  const label = '"nexus.permissions"';
  const listed = Array.isArray(found)
    ? found.map((name: unknown) => [name, ""] as const)
    : undefined;
  const pairs =
    listed ??
    Object.entries(
      faults.record(found, label, 'Write an object, as in { "notes:write": "Change notes" }.'),
    );
  for (const [name, description] of pairs) {
    if (typeof name !== "string" || !isPermission(name))
      faults.say(`${label} has ${shown(name)}. Write words and colons, as in "notes:write".`);
    else if (typeof description !== "string")
      faults.add(`"nexus.permissions.${name}"`, description, "Write in a text what it allows.");
  }
  return Object.fromEntries(pairs as [string, string][]);
}

/** A plugin is called without the scope of its package. */
function plain(name: string): string {
  return name.replace(/^@[^/]+\//, "");
}
