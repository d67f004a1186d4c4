#!/usr/bin/env node
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 24 || (major === 24 && minor < 10)) {
  console.error(`nexus needs Node 24.10 or newer, and this is ${process.version}.`);
  process.exit(1);
}
// Source files are translated once, not at each start.
process.getBuiltinModule("node:module").enableCompileCache();
const { run } = await import("./run.ts");
await run(process.argv);
