import { file } from "../http/index.ts";
import {
  anything,
  anyText,
  boolean,
  check,
  date,
  fault,
  integer,
  list,
  number,
  object,
  oneOf,
  optional,
  partOf,
  shape,
  text,
} from "../shape/index.ts";
import { gather } from "../shape/shaping.ts";
import type { In, JSONSchema, Out, Schema } from "../validation/index.ts";

const Route = object("PluginRoute", { method: anyText(), path: anyText() });

/** A plugin as it stands. */
export const PluginShape = object("Plugin", {
  name: anyText(),
  version: anyText(),
  title: optional(anyText()),
  description: optional(anyText()),
  origin: oneOf(
    ["folder", "installed", "code", "platform"],
    "Whose it is: the author's folder's, installed, given in the app's code, or the platform's own",
  ),
  folder: optional(anyText("Its folder or file")),
  state: oneOf(["found", "loaded", "started", "stopping", "stopped", "failed"]),
  since: date("When it came to that state"),
  enabled: boolean("Whether it is meant to run"),
  failure: optional(
    object("PluginFailure", {
      step: anyText("What was being done: load, check, config, make, compile, start"),
      reason: anyText(),
    }),
  ),
  retry_at: optional(date("When it is started again")),
  versions: many(anyText("Installed on this machine, the newest first")),
  previous: optional(
    object("PluginPrevious", { version: optional(anyText("What a rollback leads to")) }),
  ),
  needs: mapOf(anyText("A range of versions")),
  needed_by: many(anyText()),
  routes: many(Route),
  permissions: mapOf(anyText("What it allows")),
  requests: integer({ min: 0, description: "Since this version was started" }),
  faults: integer({
    min: 0,
    description: "Its answers that were 5xx, and promises that nobody awaited",
  }),
  watched_until: optional(date("Until then it is compared with the version before")),
  last_upgrade: optional(
    object("PluginUpgrade", {
      from: anyText(),
      to: anyText(),
      at: date(),
      outcome: oneOf(["watched", "kept", "rolled back"]),
      reason: optional(anyText("Why it was rolled back, or is not watched any more")),
      exported: optional(
        anyText("The file with the tables as the version that is gone has left them"),
      ),
    }),
  ),
});

export const PluginList = object("PluginList", { plugins: many(PluginShape) });

const change = { kind: anyText(), what: anyText(), breaking: boolean() };
const Change = object("PluginChange", change);

/** What an upgrade would change. */
export const PlanShape = object("PluginPlan", {
  plugin: anyText(),
  from: anyText(),
  to: anyText(),
  routes: many(object("PluginRouteChange", { operation: anyText("GET /notes"), ...change })),
  permissions: many(Change),
  settings: many(Change),
  migrations: object("PluginMigrations", {
    expand: many(
      object("PluginMigration", {
        name: anyText(),
        statements: many(anyText("What it would send")),
        contract: many(anyText("What waits until the upgrade is finalized")),
        obstacles: many(object("PluginObstacle", { statement: anyText(), reason: anyText() })),
        stoppedBy: optional(anyText("Why these statements may not be all")),
      }),
    ),
    pending: many(anyText("A migration that has yet to be finalized")),
    ahead: many(
      object("PluginMigrationAhead", {
        name: anyText("One that has run, which that version does not know"),
        reason: anyText("Why it may not live with that"),
      }),
    ),
  }),
  breaking: boolean("Whether clients may break: it has to be allowed"),
  needs_stop: boolean("Whether the version before has to be stopped first"),
  faults: many(anyText("Why it could not be started at all")),
});

export const SettingsShape = object("PluginSettings", {
  values: anything("As the plugin has them; what is secret is covered"),
  stored: anything("Those that were given here"),
  schema: optional(anything("What they must be, as JSON Schema") as Schema<JSONSchema>),
  sources: mapOf(oneOf(["environment", "stored", "file", "default"])),
  fault: optional(anyText("Why they do not fit")),
});

export const HealthShape = object("PluginHealth", {
  status: oneOf(["ok", "unwell", "stopped", "failed"]),
  reason: optional(anyText()),
});

/** A line of a log; what else was written with it stands beside these. */
export const LogLineShape = object("PluginLogLine", {
  level: integer({ description: "10 trace, 20 debug, 30 info, 40 warn, 50 error, 60 fatal" }),
  time: integer({ description: "Milliseconds since 1970" }),
  plugin: anyText(),
  msg: optional(anyText()),
});

const enable = optional(boolean("Whether it is started, too"), true);
const spec = text({
  min: 1,
  max: 500,
  description: "A folder or tarball on the server's machine, or an npm package with its range",
});

export const InstallPlugin = object("InstallPlugin", { spec, enable });
export const uploadPlugin = { package: file({ maxSize: "100MB" }), enable };

export const DisablePlugin = object("DisablePlugin", {
  cascade: optional(boolean("Disables those that need it, too"), false),
});

const target = {
  version: optional(text({ min: 1, max: 100, description: "An installed one, or a range" })),
  spec: optional(spec),
};
/** Beside the settings that the plugin has. */
const settings = {
  settings: optional(mapOf(anything("Over those that were given before"))),
  unset: optional(list(anyText("A setting that is given up"))),
};
export const PlanPlugin = object("PlanPlugin", { ...target, ...settings });
export const UpgradePlugin = object("UpgradePlugin", {
  ...target,
  ...settings,
  allow_breaking: optional(boolean("Clients may break"), false),
  stop: optional(boolean("Stops the version before, and copies its tables"), false),
  window: optional(
    number({ min: 0, max: 86_400, description: "Seconds for which it is watched; default 30" }),
  ),
  wait: optional(boolean("Answers when that time is over"), false),
});
export const RollbackPlugin = object("RollbackPlugin", {
  restore: optional(
    boolean("Puts the tables back as they were before an upgrade with stop"),
    false,
  ),
});

export const FinalizePlugin = object("FinalizePlugin", {
  now: optional(boolean("Also while it is watched, which ends with that"), false),
});

export const NewSettings = mapOf(anything());

/** As `list`, for what nobody changes. */
function many<S extends Schema>(item: S): Schema<readonly In<S>[], Out<S>[]> {
  return list(item);
}

/** An object with any names, and one kind of value. */
function mapOf<T>(member: Schema<T>): Schema<Readonly<Record<string, T>>, Record<string, T>> {
  const { json, defs } = partOf(member);
  return shape({ type: "object", additionalProperties: json, ...defs }, (value) => {
    if (typeof value !== "object" || value === null || Array.isArray(value))
      return fault("Input should be an object");
    const entries = Object.entries(value).map(([key, one]) => [key, check(member, one)] as const);
    return gather(entries, (pairs) => Object.fromEntries(pairs) as Record<string, T>);
  });
}
