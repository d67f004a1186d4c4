import { globSync, readFileSync } from "node:fs";
import { resolve } from "node:path";

/** Which tests speak HTTP to a server over a socket, and so run on each transport. */

const root = resolve(import.meta.dirname, "../..");

/** Functions that tests share, and that start a server. */
export const starters = "nexus|serve|serveKinds|soak|startDev|startRegistry|torture\\w+";
/** What starts a server in a test. */
export const starts = new RegExp(
  `\\.listen\\(|\\bcreateHttpServer\\(|"npm", \\["start"\\]|\\b(?:${starters})\\(`,
);

const command = "It tests a command; its server is only there to be asked.";
const reload = "It tests what becomes of plugins, in processes that take seconds to start.";
const browser = "A browser takes seconds to start; test/browser-upload.test.ts has one.";
/** Tests that start a server, and need not run again; each with its reason. */
export const others: Readonly<Record<string, string>> = {
  "src/cli/doctor.test.ts": command,
  "src/cli/plugin-config.test.ts": command,
  "src/cli/plugin-control.test.ts": command,
  "src/cli/plugin-logs.test.ts": command,
  "src/cli/plugin-remove.test.ts": command,
  "src/cli/plugin.test.ts": command,
  "src/cli/task.test.ts": command,
  "src/cli/user.test.ts": command,
  "src/lifecycle/install-npm.test.ts": "Its server is a registry, of node:http.",
  "src/mail/mail.test.ts": "Its server is one for mail.",
  "test/authorize.test.ts": browser,
  "test/bench-scenarios.test.ts": "Its servers are of node:http.",
  "test/contract.test.ts": "It tests how a process starts, logs and ends.",
  "test/decorated.test.ts": "It tests how faults are told.",
  "test/dev-faults.test.ts": reload,
  "test/dev.test.ts": reload,
  "test/docs-page.test.ts": browser,
  "test/hot-swap.test.ts": reload,
  "test/nothing-stays.test.ts": reload,
  "test/npm-start.test.ts": "It tests how a process ends.",
  "test/task-events-page.test.ts": browser,
  "test/torture/soak.test.ts": "`NEXUS_TRANSPORT=direct npm run soak` does it.",
  "test/torture/swap.test.ts": "`NEXUS_TRANSPORT=direct npm run torture:swap` does it.",
  "test/torture/tasks.test.ts": "It tests what becomes of tasks.",
  "test/transports/difference.test.ts": "It speaks to all transports itself.",
};

/** Tests whose text starts a server, without those named above. */
export function findSocketTests(): string[] {
  return findTests().filter((file) => starts.test(read(file)) && !others[file]);
}

export function findTests(): string[] {
  const files = globSync("{src,test,plugins,examples}/**/*.test.ts", { cwd: root });
  return files.map((file) => file.replaceAll("\\", "/")).toSorted();
}

export function read(file: string): string {
  return readFileSync(resolve(root, file), "utf8");
}
