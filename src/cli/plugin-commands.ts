import { type Command, InvalidArgumentError, Option } from "commander";

/** The commands for plugins; what they do is loaded when one of them is asked for. */
export function addPluginCommands(program: Command): void {
  const plugin = program.command("plugin").description("look after the plugins of this app");
  plugin.hook("postAction", leave);
  plugin
    .command("new <name>")
    .description("write a first plugin into the folder of plugins, with a test that passes")
    .action(async (name) => (await import("./plugin-author.ts")).create(name));
  plugin
    .command("pack [folder]")
    .description("make a tarball of a plugin's folder that can be installed")
    .option("--json", "as JSON")
    .action(async (folder, options) =>
      (await import("./plugin-author.ts")).packUp(folder, options),
    );
  plugin
    .command("list")
    .description("list them, running or not")
    .option("--json", "as JSON")
    .action(async (options) => (await import("./plugin.ts")).list(options));
  plugin
    .command("info <name>")
    .description("show all that is known of one")
    .option("--json", "as JSON")
    .action(async (name, options) => (await import("./plugin.ts")).info(name, options));
  plugin
    .command("install <package>")
    .description("install a folder, a tarball, or an npm package as in @acme/notes@^1.0.0")
    .option("--no-enable", "do not start it")
    .option("--json", "as JSON")
    .action(async (spec, options) => (await import("./plugin.ts")).install(spec, options));
  plugin
    .command("discover")
    .description("start what is new in the folder of plugins, and forget what is gone")
    .option("--json", "as JSON")
    .action(async (options) => (await import("./plugin.ts")).discover(options));
  plugin
    .command("enable <name>")
    .description("start one that is disabled or has failed")
    .option("--json", "as JSON")
    .action(async (name, options) => (await import("./plugin.ts")).enable(name, options));
  plugin
    .command("disable <name>")
    .description("stop one; what it is answering is finished first")
    .option("--cascade", "those that need it, too")
    .option("--json", "as JSON")
    .action(async (name, options) => (await import("./plugin.ts")).disable(name, options));
  plugin
    .command("reload <name>")
    .description("load its code anew; the new one takes over from the old one")
    .option("--json", "as JSON")
    .action(async (name, options) => (await import("./plugin.ts")).reload(name, options));
  plugin
    .command("config <name> [key=value...]")
    .description("show what it is set to, or change that; values are JSON, or else texts")
    .option("--unset <key>", "give up a value that was set here; may be repeated", collect, [])
    .option("--json", "as JSON")
    .action(async (name, pairs, options) =>
      (await import("./plugin-config.ts")).config(name, pairs, options),
    );
  plugin
    .command("plan <name> [package]")
    .description("say what an upgrade would change, and whether clients would break")
    .option("--to <version>", "an installed version, or a range of them")
    .option("--set <key=value>", "a setting of the new version; may be repeated", collect, [])
    .option("--unset <key>", "a setting that it gives up; may be repeated", collect, [])
    .option("--json", "as JSON")
    .action(async (name, spec, options) =>
      (await import("./plugin-upgrade.ts")).plan(name, spec, options),
    );
  plugin
    .command("upgrade <name> [package]")
    .description("bring it to another version without losing a request")
    .option("--to <version>", "an installed version, or a range of them")
    .option("--set <key=value>", "a setting of the new version; may be repeated", collect, [])
    .option("--unset <key>", "a setting that it gives up; may be repeated", collect, [])
    .option("--allow-breaking", "clients may break")
    .option("--stop", "stop it first, and copy its tables: for migrations that are not additive")
    .option("--window <seconds>", "how long it is watched, and rolled back if it is worse", seconds)
    .option("--wait", "wait until that time is over; the exit code is 1 if it was rolled back")
    .option("--json", "as JSON")
    .action(async (name, spec, options) =>
      (await import("./plugin-upgrade.ts")).upgrade(name, spec, options),
    );
  plugin
    .command("rollback <name>")
    .description("take back the last change: to the settings before, or else to the version before")
    .option("--restore", "its tables too: what was written since an upgrade with --stop is lost")
    .option("--json", "as JSON")
    .action(async (name, options) => (await import("./plugin-upgrade.ts")).rollback(name, options));
  plugin
    .command("finalize <name>")
    .description("give up going back: take away older versions, and what only they needed")
    .option("--now", "also while it is watched, which ends with that")
    .option("--json", "as JSON")
    .action(async (name, options) => (await import("./plugin-upgrade.ts")).finalize(name, options));
  plugin
    .command("remove <name>")
    .description("uninstall it, with all its versions")
    .addOption(
      new Option("--data <fate>", "what becomes of its tables")
        .choices(["keep", "export", "drop"])
        .default("keep"),
    )
    .option("--yes", "do not ask before tables are dropped")
    .option("--json", "as JSON")
    .action(async (name, options) => (await import("./plugin-remove.ts")).remove(name, options));
  plugin
    .command("logs <name>")
    .description("follow what it logs, from its last lines on")
    .option("--lines <number>", "how many of those", "50")
    .option("--json", "as they are written")
    .action(async (name, options) => (await import("./plugin-logs.ts")).logs(name, options));
  program
    .command("doctor")
    .hook("postAction", leave)
    .description("say what is wrong with this app, and what cannot be undone")
    .option("--json", "as JSON")
    // For itself: what the modules of one plugin start.
    .addOption(new Option("--module <place>").hideHelp())
    .action(async ({ module, ...options }) =>
      module === undefined
        ? (await import("./doctor.ts")).doctor(options)
        : (await import("./doctor-modules.ts")).tellWhatStarts(module),
    );
}

/** What an app has begun that ran here for a moment, such as a timer of a module, would keep the process. */
function leave(): void {
  process.stdout.write("", () => process.exit());
}

function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}

function seconds(value: string): number {
  const number = Number(value);
  if (value.trim() !== "" && number >= 0 && number <= 86_400) return number;
  throw new InvalidArgumentError("Say seconds, 0 to 86400.");
}
