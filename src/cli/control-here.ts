import type { App } from "../app/index.ts";
import { Headers, Request, type Response } from "../message/index.ts";
import { createControl } from "./control.ts";
import { type AskControl, bodyOf, type ControlAnswer, fields } from "./control-client.ts";
import { controlPath } from "./control-place.ts";

/** Asks the app of this process. */
export function askHere(app: App): AskControl {
  const exchange = createControl(app);
  return (method, path, json) => {
    const { promise, resolve, reject } = Promise.withResolvers<ControlAnswer>();
    const body = bodyOf(json);
    const asked = new Request({
      method,
      target: controlPath + path,
      headers: new Headers(fields),
      body: body.length ? once(body) : undefined,
    });
    const take = async (answer: Response): Promise<void> =>
      resolve({ status: answer.status, body: once(await answer.bytes()) });
    exchange(asked, take)?.catch(reject);
    return promise;
  };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
