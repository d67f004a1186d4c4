import { defineConfig } from "nexus-platform";
import { requestLogging, timing } from "./plugins/my-plugin/middleware.ts";

export default defineConfig({
  // Around every request, those that find no route included.
  middleware: [timing, requestLogging],
  docs: {
    title: "Nexus example",
    description: "The plugins that come with nexus-platform, to read and to copy.",
  },
  config: {
    // The key of the notes, a secret, is better given as NEXUS_NOTES__KEY.
    notes: { keep: 50 },
  },
});
