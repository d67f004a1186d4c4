import { files } from "./files.ts";
import { folderPlugins } from "./folder-plugins.ts";
import { idle } from "./idle.ts";
import { jsonBodies } from "./json-bodies.ts";
import { manyPlugins } from "./many-plugins.ts";
import { overload } from "./overload.ts";
import type { Scenario, ScenarioResult } from "./scenario.ts";
import { tls } from "./tls.ts";

/** What else is measured, by name. */
export const scenarios: Readonly<Record<string, Scenario>> = {
  "plugins-1000": manyPlugins,
  "start-50": folderPlugins,
  "json-bodies": jsonBodies,
  files,
  idle,
  tls,
  overload,
};

/** Measures one; what cannot be measured says why. @throws where there is none of this name */
export async function measureScenario(name: string): Promise<ScenarioResult> {
  const scenario = scenarios[name];
  if (!scenario)
    throw new Error(`No such scenario: ${name}. There are ${Object.keys(scenarios).join(", ")}.`);
  try {
    return await scenario();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { name, title: "not measured", rows: [], notes: [reason] };
  }
}
