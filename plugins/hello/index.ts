import { get, Plugin } from "nexus-platform";
import { z } from "zod";

export default class Hello extends Plugin {
  /** Greets somebody. */
  hello = get(
    "/hello/{name}",
    { query: { times: z.int().min(1).max(10).default(1) } },
    ({ name, times }) => ({
      message: `Hello ${name}! `.repeat(times).trim(),
    }),
  );
}
