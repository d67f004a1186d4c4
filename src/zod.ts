import { z } from "zod";
import { type Schema, useCompiler } from "./validation/index.ts";

// Loaded as soon as a route has a Zod schema: such schemas are compiled.
useCompiler("zod", (schema) => z.compile(schema as Schema & z.ZodType));
