import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Conflict, HTTPException } from "../exceptions.ts";
import { post, Routes, type UploadFile } from "../http/index.ts";
import type { PluginInfo } from "../lifecycle/index.ts";
import { changePlugin, lifecycle } from "./plugin-change.ts";
import { InstallPlugin, PluginList, PluginShape, uploadPlugin } from "./plugin-schemas.ts";

/** How plugins come to the app. */
export class PluginInstallRoutes extends Routes {
  /**
   * Install a plugin, and start it.
   *
   * Where a version of it is there already, this one is kept beside that, for an upgrade.
   */
  install = post(
    "/install",
    {
      body: InstallPlugin,
      response: PluginShape,
      responses: { 409: Conflict, 502: HTTPException },
    },
    ({ body: { spec, enable } }) =>
      changePlugin<PluginInfo>(
        { action: "plugin.installed", details: (made) => ({ ...versionsOf(made), from: spec }) },
        (life) => life.install(spec, { enable }),
      ),
  );

  /** Install a plugin from a tarball that is sent as a form. */
  upload = post(
    "/upload",
    { form: uploadPlugin, response: PluginShape, responses: { 409: Conflict, 502: HTTPException } },
    async ({ package: sent, enable }) => {
      const folder = await mkdtemp(join(tmpdir(), "nexus-upload-"));
      try {
        const tarball = join(folder, nameFor(sent));
        await sent.saveTo(tarball);
        return await changePlugin<PluginInfo>(
          {
            action: "plugin.installed",
            details: (made) => ({ ...versionsOf(made), from: sent.filename, size: sent.size }),
          },
          (life) => life.install(tarball, { enable }),
        );
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  );

  /** Start what is new in the author's folder of plugins, and forget what is gone. Answers with what is new. */
  discover = post("/discover", { response: PluginList, responses: { 409: Conflict } }, async () => {
    const names = await changePlugin<string[]>(
      { action: "plugin.discovered", details: (found) => ({ names: found }) },
      (life) => life.discover(),
    );
    return { plugins: await Promise.all(names.map((name) => lifecycle().info(name))) };
  });
}

/** As the client calls it, where that is a plain name: it is said where the version is told of. */
function nameFor({ filename }: UploadFile): string {
  return /^[\w@][\w.@+-]{0,200}\.tgz$/.test(filename) ? filename : "package.tgz";
}

function versionsOf(made: PluginInfo | undefined) {
  return made ? { version: made.version, versions: made.versions } : {};
}
