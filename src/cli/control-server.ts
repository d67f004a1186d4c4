import { once } from "node:events";
import { chmodSync, mkdtempSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { App } from "../app/index.ts";
import { settingsKey } from "../config/index.ts";
import { messageOf } from "../exceptions.ts";
import { Turn } from "../http/connection.ts";
import { requestOf } from "../http/incoming.ts";
import { sendResponse } from "../http/outgoing.ts";
import type { Exchange } from "../http/server.ts";
import { logKey } from "../log.ts";
import { later } from "../waiting.ts";
import { controlPlace, isAnswered, makeControlFolder } from "./control-place.ts";

const { createServer } = process.getBuiltinModule("node:http");

/** Ends a control server: what it answers is finished until the deadline, in seconds. */
export type CloseControl = (deadline: number) => Promise<void>;

/**
 * Answers the command line on a socket that only this user can open. Where that cannot be, the log says
 * why, and the app does without.
 */
export async function serveControl(app: App): Promise<CloseControl> {
  const place = controlPlace(app.scope.get(settingsKey).dataDir);
  const log = app.scope.get(logKey);
  try {
    makeControlFolder(place);
    if (!(await isAnswered(place))) return await serve(app, place);
    const text = `Another server runs on this data folder: it answers on ${place}, and this one does not`;
    log.warn({ code: "NX_CONTROL" }, text);
  } catch (error) {
    const text = `The command line cannot reach this server: ${messageOf(error)}`;
    log.warn({ code: "NX_CONTROL" }, text);
  }
  return async () => {};
}

async function serve(app: App, place: string): Promise<CloseControl> {
  let control: Promise<Exchange> | undefined;
  // Few servers are ever asked.
  const open = () =>
    (control ??= import("./control.ts").then(({ createControl }) => createControl(app)));
  const server = createServer((incoming, outgoing) => {
    // Who asks once seldom asks again, and one that stayed would keep the server from its end.
    outgoing.shouldKeepAlive = false;
    const turn = new Turn(incoming, outgoing);
    incoming.socket.once("close", () => turn.leave());
    open()
      .then((exchange) => exchange(requestOf(turn), (response) => sendResponse(response, turn)))
      .catch(() => turn.cut());
  });
  // What runs may take as long as it likes.
  server.requestTimeout = 0;

  // In a folder of this user alone first, so that there is no moment in which others can open it.
  const draft = mkdtempSync(join(dirname(place), ".c"));
  try {
    const path = join(draft, "s");
    server.listen(path);
    await once(server, "listening");
    chmodSync(path, 0o600);
    renameSync(path, place);
  } catch (error) {
    server.close();
    throw error;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  const { ino } = statSync(place);
  return async (deadline) => {
    // Another one may have taken its place.
    if (statSync(place, { throwIfNoEntry: false })?.ino === ino) rmSync(place, { force: true });
    const closed = once(server, "close");
    server.close();
    server.closeIdleConnections();
    const timer = later(deadline * 1000, () => server.closeAllConnections());
    await closed;
    clearTimeout(timer);
  };
}
