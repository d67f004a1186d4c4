import { mount } from "../http/index.ts";
import { noStore } from "../middleware/index.ts";
import { Plugin } from "../plugin/index.ts";
import { adminPermission } from "../tasks/index.ts";
import { PluginRoutes } from "./plugin-routes.ts";
import { TaskRoutes } from "./task-routes.ts";

const pluginPermission = "admin:plugins";

/** What administrators see and do of the platform itself: routes under `/api/v1`. */
export class AdminPlugin extends Plugin {
  static override readonly prefix = "/api/v1";
  static override readonly permissions = {
    [adminPermission]: "See all tasks, cancel them and do them again",
    [pluginPermission]:
      "Install, set, upgrade and remove plugins: whoever may do that may run any code on the server",
  };

  override readonly middleware = [noStore];

  tasks: TaskRoutes = mount("/tasks", TaskRoutes, { permission: adminPermission, tags: ["Tasks"] });
  plugins: PluginRoutes = mount("/plugins", PluginRoutes, {
    permission: pluginPermission,
    tags: ["Plugins"],
  });
}
