#!/usr/bin/env node
import { enableCompileCache } from "node:module";

// Source files are translated once, not at each start.
enableCompileCache();
const { run } = await import("./run.ts");
await run(process.argv);
