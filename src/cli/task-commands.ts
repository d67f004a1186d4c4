import type { Command } from "commander";

/** The commands for tasks; what they do is loaded when one of them is asked for. */
export function addTaskCommands(program: Command): void {
  const task = program.command("task").description("look after the durable tasks of this app");
  task
    .command("list")
    .description("list them, the newest first")
    .option("--status <status>", "only those that are pending, running, completed …")
    .option("--name <plugin.field>", "only those of this name")
    .option("--plugin <name>", "only those of this plugin")
    .option("--owner <id>", "only those of this user")
    .option("--limit <number>", "how many", "20")
    .option("--json", "as JSON")
    .action(async (options) => (await import("./task.ts")).listAll(options));
  task
    .command("show <id>")
    .description("show all that is known of one")
    .option("--json", "as JSON")
    .action(async (id, options) => (await import("./task.ts")).show(id, options));
  task
    .command("cancel <id>")
    .description("end one that is pending or running")
    .action(async (id) => (await import("./task.ts")).cancel(id));
  task
    .command("retry <id>")
    .description("do again what failed or was cancelled, as a new task")
    .action(async (id) => (await import("./task.ts")).retry(id));
  task
    .command("watch <id>")
    .description("follow one to its end; the exit code is 0 when it completes, else 1")
    .action(async (id) => (await import("./task-watch.ts")).watch(id));
}
