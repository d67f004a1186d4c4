import { messageOf, NexusError } from "../exceptions.ts";
import { controlPath, operatorHeader } from "./control-place.ts";
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

/** What is said of each request. */
export const fields = {
  "content-type": "application/json",
  [operatorHeader]: encodeURIComponent(operator.operator),
};

/** What is sent: nothing, or JSON. */
export function bodyOf(json: unknown): Uint8Array {
  return Buffer.from(json === undefined ? "" : JSON.stringify(json));
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
