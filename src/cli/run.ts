import { Command } from "commander";
import { version } from "../app/index.ts";

/** The nexus command; each of its commands is a file, loaded when it is asked for. */
export async function run(argv: readonly string[]): Promise<void> {
  const program = new Command("nexus")
    .description("A plugin platform for HTTP APIs")
    .version(version);
  program
    .command("start")
    .description("serve the app of this folder")
    .action(async () => (await import("./start.ts")).start());
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
  await program.parseAsync([...argv]);
}
