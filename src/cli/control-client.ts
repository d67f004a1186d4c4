import type { App } from "../app/index.ts";
import { messageOf, NexusError } from "../exceptions.ts";
import { Headers, Request } from "../message/index.ts";
import { controlPath, createControl, operatorHeader } from "./control.ts";
import { operator } from "./operator.ts";

const { request } = process.getBuiltinModule("node:http");

export interface ControlAnswer {
  readonly status: number;
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * Asks the routes that look after plugins.
 * @param path behind `/api/v1/plugins`
 */
export type AskControl = (method: string, path: string, json?: unknown) => Promise<ControlAnswer>;

/** Asks a server that runs, on its socket. */
export function askServer(place: string): AskControl {
  return (method, path, json) => {
    const { promise, resolve, reject } = Promise.withResolvers<ControlAnswer>();
    const body = bodyOf(json);
    const asked = request(
      {
        socketPath: place,
        method,
        path: controlPath + path,
        headers: { host: "localhost", "content-length": body.length, ...fields },
      },
      (answer) => resolve({ status: answer.statusCode!, body: chunksOf(answer) }),
    );
    asked.on("error", (cause) => reject(brokenOff(cause)));
    asked.end(body);
    return promise;
  };
}

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
    exchange(asked, async (answer) => {
      resolve({ status: answer.status, body: once(await answer.bytes()) });
    }).catch(reject);
    return promise;
  };
}

const fields = {
  "content-type": "application/json",
  [operatorHeader]: encodeURIComponent(operator.operator),
};

function bodyOf(json: unknown): Uint8Array {
  return Buffer.from(json === undefined ? "" : JSON.stringify(json));
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function* chunksOf(answer: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* answer;
  } catch (cause) {
    throw brokenOff(cause);
  }
}

function brokenOff(cause: unknown): NexusError {
  return new NexusError("NX_CONTROL", `The server gave no whole answer: ${messageOf(cause)}.`, {
    cure: "Look whether it still runs, and what its log says; then ask again.",
    cause,
  });
}
