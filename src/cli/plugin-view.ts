import type { PluginInfo } from "../lifecycle/index.ts";
import type { Told } from "./plugin-control.ts";
import { plain } from "./plain.ts";
import { tableOf } from "./table.ts";

/** A plugin as a server tells of it. */
export type ToldPlugin = Told<PluginInfo>;

/** A line a plugin: name, version, state, where it is from, and what is special. */
export function rowsOf(plugins: readonly ToldPlugin[]): string {
  return tableOf(
    plugins.map((plugin) => [
      plain(plugin.name),
      plain(plugin.version),
      stateOf(plugin),
      plugin.origin,
      noteOf(plugin),
    ]),
  );
}

/** `started`, or `disabled`, which is why it is stopped. */
export function stateOf({ state, enabled }: ToldPlugin): string {
  return enabled || state === "stopping" ? state : "disabled";
}

/** A line a member, then its routes and permissions. */
export function detailsOf(plugin: ToldPlugin): string {
  const { failure, last_upgrade: upgrade, needs, previous } = plugin;
  const rows: [string, string | undefined][] = [
    ["name", plugin.name],
    ["title", plugin.title],
    ["about", plugin.description],
    ["version", plugin.version],
    ["installed", plugin.versions.join(", ")],
    ["previous", previous && previousOf(plugin)],
    ["origin", plugin.origin],
    ["folder", plugin.folder],
    ["state", `${stateOf(plugin)} since ${plugin.since}`],
    ["failed", failure && `${failure.step}: ${failure.reason}`],
    ["retry at", plugin.retry_at],
    [
      "needs",
      Object.entries(needs)
        .map((need) => need.join(" "))
        .join(", "),
    ],
    ["needed by", plugin.needed_by.join(", ")],
    ["requests", `${plugin.requests}, faults ${plugin.faults}`],
    ["watched until", plugin.watched_until],
    [
      "last upgrade",
      upgrade &&
        `${upgrade.from} → ${upgrade.to} at ${upgrade.at}: ${upgrade.outcome}${upgrade.reason ? `, ${upgrade.reason}` : ""}${upgrade.exported ? `; its tables are in ${upgrade.exported}` : ""}`,
    ],
  ];
  const said = rows.flatMap(([name, text]) => (text ? [[name, plain(text)]] : []));
  return [
    tableOf(said),
    section(
      "Routes",
      plugin.routes.map(({ method, path }) => [method, path]),
    ),
    section("Permissions", Object.entries(plugin.permissions)),
  ].join("");
}

/** What a rollback leads to. */
function previousOf({ version, previous }: ToldPlugin): string {
  const before = previous!.version;
  return before === undefined || before === version ? "other settings" : before;
}

/** What somebody should know of a plugin at first sight. */
function noteOf({ failure, watched_until: until, needed_by, ...plugin }: ToldPlugin): string {
  if (failure) return plain(`${failure.step}: ${failure.reason}`);
  if (until) return `watched until ${until}`;
  return plain(plugin.title ?? plugin.description ?? "");
}

function section(title: string, rows: readonly (readonly string[])[]): string {
  if (!rows.length) return "";
  const lines = tableOf(rows.map((row) => ["", ...row.map(plain)]));
  return `\n${title}\n${lines}`;
}
