import { del, get, Plugin, post, put } from "nexus-platform";
import type { PluginSource } from "nexus-platform/plugin";

/** So many plugins, each with the ten routes of the others' plugins. */
export function manyPlugins(count: number): PluginSource[] {
  return Array.from({ length: count }, (_, at) => makePlugin(at + 1));
}

function makePlugin(n: number): PluginSource {
  const type = class extends Plugin {
    static override readonly prefix = `/plugin-${n}`;

    list = get("/items", async () => ({ n }));
    create = post("/items", async () => ({ n }));
    one = get("/items/{id}", async () => ({ n }));
    change = put("/items/{id}", async () => ({ n }));
    remove = del("/items/{id}", async () => ({ n }));
    parts = get("/items/{id}/parts", async () => ({ n }));
    addPart = post("/items/{id}/parts", async () => ({ n }));
    part = get("/items/{id}/parts/{part}", async () => ({ n }));
    about = get("/about", async () => ({ n }));
    search = get("/search", async () => ({ n }));
  };
  const manifest = { name: `plugin-${n}`, version: "1.0.0", plugins: {}, optional: false };
  return { type, manifest };
}
