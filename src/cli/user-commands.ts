import type { Command } from "commander";

/** The commands for users; what they do is loaded when one of them is asked for. */
export function addUserCommands(program: Command): void {
  const user = program.command("user").description("look after the users of this app");
  user
    .command("list")
    .description("list them, the oldest first")
    .option("--search <text>", "only those with this in their username, email or full name")
    .option("--role <name>", "only those who have it")
    .action(async (options) => (await import("./user.ts")).listUsers(options));
  user
    .command("create <username>")
    .description("create one; without --password-stdin and a terminal a password is made and shown")
    .requiredOption("--email <address>", "where letters go")
    .option("--full-name <name>", "as people write it")
    .option("--admin", "may do everything")
    .option("--role <name>", "a role to give; may be repeated", collect, [])
    .option("--permission <name>", "a permission to give; may be repeated", collect, [])
    .option("--password-stdin", "read the password from the input")
    .action(async (name, options) => (await import("./user.ts")).createUser(name, options));
  user
    .command("disable <user>")
    .description("end all sessions of a user, and accept nothing of theirs any more")
    .action(async (name) => (await import("./user.ts")).disableUser(name));
  user
    .command("enable <user>")
    .description("let a user sign in again")
    .action(async (name) => (await import("./user.ts")).enableUser(name));
  user
    .command("reset-password <user>")
    .description("set a new password, and end all sessions of the user")
    .option("--password-stdin", "read the password from the input")
    .action(async (name, options) => (await import("./user.ts")).resetPassword(name, options));
  user
    .command("grant <user>")
    .description("give roles and permissions")
    .option("--admin", "may do everything")
    .option("--role <name>", "a role to give; may be repeated", collect, [])
    .option("--permission <name>", "a permission to give; may be repeated", collect, [])
    .action(async (name, options) => (await import("./user-grants.ts")).grant(name, options));
  user
    .command("revoke <user>")
    .description("take roles and permissions away")
    .option("--admin", "may not do everything any more")
    .option("--role <name>", "a role to take away; may be repeated", collect, [])
    .option("--permission <name>", "a permission to take away; may be repeated", collect, [])
    .action(async (name, options) => (await import("./user-grants.ts")).revoke(name, options));
}

function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}
