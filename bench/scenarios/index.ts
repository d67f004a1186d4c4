import { files } from "./files.ts";
import { folderPlugins } from "./folder-plugins.ts";
import { hello } from "./hello.ts";
import { idle } from "./idle.ts";
import { jsonBodies } from "./json-bodies.ts";
import { manyPlugins } from "./many-plugins.ts";
import { overload } from "./overload.ts";
import type { Scenario, ScenarioResult } from "./scenario.ts";
import { tls } from "./tls.ts";

/** What else is measured, by name. */
export const scenarios: Readonly<Record<string, Scenario>> = {
  start: hello,
  "plugins-1000": manyPlugins,
  "start-50": folderPlugins,
  "json-bodies": jsonBodies,
  files,
  idle,
  tls,
  overload,
};

/** Measures one of them; what cannot be measured says why. */
export async function measureScenario(name: string): Promise<ScenarioResult> {
  try {
    return await scenarios[name]!();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { name, title: "not measured", rows: [], notes: [reason] };
  }
}
