import { chmodSync, mkdtempSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { App } from "../app/index.ts";
import { settingsKey } from "../config/index.ts";
import { messageOf } from "../exceptions.ts";
import { logKey } from "../log.ts";
import { createHttpServer, type Exchange } from "../transport/index.ts";
import { controlPlace, isAnswered, makeControlFolder } from "./control-place.ts";

/** Ends a control server: what it answers is finished until the deadline, in seconds. */
export type CloseControl = (deadline: number) => Promise<void>;

/**
 * Answers the command line on a socket that only this user can open. Where that cannot be, the log says
 * why, and the app does without.
 */
export async function serveControl(app: App): Promise<CloseControl> {
  const place = controlPlace(app.scope.get(settingsKey).dataDir);
  try {
    makeControlFolder(place);
    if (!(await isAnswered(place))) return await serve(app, place);
    const text = `Another server runs on this data folder: it answers on ${place}, and this one does not`;
    app.scope.get(logKey).warn({ code: "NX_CONTROL" }, text);
  } catch (error) {
    const text = `The command line cannot reach this server: ${messageOf(error)}`;
    app.scope.get(logKey).warn({ code: "NX_CONTROL" }, text);
  }
  return async () => {};
}

async function serve(app: App, place: string): Promise<CloseControl> {
  let control: Promise<Exchange> | undefined;
  // Few servers are ever asked.
  const open = () =>
    (control ??= import("./control.ts").then(({ createControl }) => createControl(app)));
  const answer: Exchange = async (request, send) => {
    const exchange = await open();
    await exchange(request, (response) => {
      // Who asks once seldom asks again, and one that stayed would keep the server from its end.
      response.headers.set("Connection", "close");
      return send(response);
    });
  };

  // In a folder of this user alone first, so that there is no moment in which others can open it.
  const draft = mkdtempSync(join(dirname(place), ".c"));
  const path = join(draft, "s");
  // What runs may take as long as it likes.
  const server = await createHttpServer(answer, { path }, { requestTimeout: 0, sendTimeout: 0 });
  try {
    chmodSync(path, 0o600);
    renameSync(path, place);
  } catch (error) {
    await server.close(0);
    throw error;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  const { ino } = statSync(place);
  return async (deadline) => {
    // Another one may have taken its place.
    if (statSync(place, { throwIfNoEntry: false })?.ino === ino) rmSync(place, { force: true });
    await server.close(deadline);
  };
}
