import { NexusError } from "../exceptions.ts";

/** The nexus command; each of its commands is a file, loaded when it is asked for. */
export async function run(argv: readonly string[]): Promise<void> {
  try {
    // A server that starts does not wait for the reading of options that it has not.
    if (argv.length === 3 && argv[2] === "start") await (await import("./start.ts")).start();
    else await parse(argv);
  } catch (error) {
    // What an operator can mend says how; anything else is a fault of ours, or of a plugin's.
    const said = error instanceof NexusError ? withCode(error) : ((error as Error)?.stack ?? error);
    process.stderr.write(`${String(said)}\n`);
    process.exit(1);
  }
}

async function parse(argv: readonly string[]): Promise<void> {
  process.stdout.on("error", endQuietly);
  const { Command } = await import("commander");
  const { version } = await import("../app/index.ts");
  const program = new Command("nexus")
    .description("A plugin platform for HTTP APIs")
    .version(version);
  program
    .command("start")
    .description("serve the app of this folder")
    .action(async () => void (await (await import("./start.ts")).start()));
  program
    .command("dev")
    .description("serve it, and start again after each change")
    .action(async () => (await import("./dev.ts")).dev());
  program
    .command("routes")
    .description("list the routes")
    .action(async () => (await import("./routes.ts")).routes());
  program
    .command("openapi")
    .description("print the OpenAPI document")
    .action(async () => (await import("./openapi.ts")).openapi());
  (await import("./user-commands.ts")).addUserCommands(program);
  (await import("./task-commands.ts")).addTaskCommands(program);
  (await import("./plugin-commands.ts")).addPluginCommands(program);
  await program.parseAsync([...argv]);
}

/** Who reads the beginning only, as `| head` does, has had enough. */
function endQuietly(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
  process.exit();
}

/** The code is what the manual is asked for; a list of faults speaks for itself. */
function withCode({ message, code }: NexusError): string {
  return message.includes("\n") ? message : `${message} (${code})`;
}
