import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { messageOf, NexusError } from "../exceptions.ts";
import type { Request, Response } from "../message/index.ts";
import { later } from "../waiting.ts";
import { Connection, Turn } from "./connection.ts";
import { faultOf, requestOf } from "./incoming.ts";
import { sendResponse } from "./outgoing.ts";
import { refuse, refuseWith } from "./refuse.ts";
import { type HttpServerOptions, lookAfter, timesOf } from "./times.ts";

// An import of it would load all of fetch too, which few servers need.
const { createServer } = process.getBuiltinModule("node:http");

/** Answers one request: `send` resolves when the answer has left, or the client has gone. */
export type Exchange = (
  request: Request,
  send: (response: Response) => Promise<void>,
) => Promise<void>;

export interface HttpServer {
  readonly address: AddressInfo;
  /** Stops accepting and waits for what runs; after the deadline, in seconds, connections are cut. */
  close(deadline: number): Promise<void>;
}

/** Serves over node:http. @throws NX_LISTEN NX_TIMEOUT */
export async function createHttpServer(
  exchange: Exchange,
  { port, host }: { readonly port: number; readonly host: string },
  options: HttpServerOptions = {},
): Promise<HttpServer> {
  const connections = new Map<Socket, Connection>();
  const { limits, sendTimeout } = timesOf(options);
  let closing = false;

  const take = (incoming: IncomingMessage, outgoing: ServerResponse, awaitsContinue = false) => {
    const fault = faultOf(incoming);
    if (fault) return refuseWith(outgoing, ...fault);
    const turn = new Turn(incoming, outgoing);
    turn.awaitsContinue = awaitsContinue;
    const connection = connections.get(incoming.socket);
    const send = async (response: Response): Promise<void> => {
      if (closing) outgoing.shouldKeepAlive = false;
      await sendResponse(response, turn);
      connection?.end(turn);
      // The head may have left before the end began, and have promised to stay.
      if (closing) setImmediate(() => server.closeIdleConnections());
    };
    const answer = (): void => {
      exchange(requestOf(turn), send).catch(() => turn.cut());
    };
    if (connection) connection.begin(turn, answer);
    else answer();
  };

  const server = createServer(
    { ...limits, optimizeEmptyRequests: true, requireHostHeader: false },
    take,
  );
  server.on("checkContinue", (incoming, outgoing) => take(incoming, outgoing, true));
  // It is no proxy.
  server.on("connect", (_, socket) =>
    socket.end("HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
  );
  server.on("checkExpectation", (_, outgoing: ServerResponse) => refuseWith(outgoing, 417));
  server.on("clientError", (error, socket) => {
    void refuse(error, connections.get(socket as Socket));
  });
  server.on("connection", (socket) => {
    connections.set(socket, new Connection(socket));
    socket.once("close", () => connections.delete(socket));
  });

  try {
    server.listen(port, host);
    await once(server, "listening");
  } catch (cause) {
    throw cannotListen(cause as NodeJS.ErrnoException, port, host);
  }
  // One look at all of them costs less than a timer for each answer.
  const look = (): void => {
    for (const connection of connections.values()) connection.cutIfStalled(sendTimeout);
  };
  const watch = sendTimeout ? setInterval(look, lookAfter(sendTimeout)).unref() : undefined;
  server.once("close", () => clearInterval(watch));
  return {
    address: server.address() as AddressInfo,
    async close(deadline) {
      closing = true;
      const closed = once(server, "close");
      server.close();
      // Those that have only begun to ask count as busy there.
      for (const { socket, turns } of connections.values()) if (!turns.size) socket.destroy();
      const timer = later(deadline * 1000, () => server.closeAllConnections());
      await closed;
      clearTimeout(timer);
    },
  };
}

const cures: Readonly<Record<string, string>> = {
  EADDRINUSE:
    "Stop what listens there, or choose another port (PORT, or listen({ port })); 0 takes any free one.",
  EACCES: "Ports below 1024 are the system's: choose a higher one (PORT, or listen({ port })).",
  EADDRNOTAVAIL:
    "Choose an address of this machine (HOST, or listen({ host })); 0.0.0.0 is all of them.",
  ENOTFOUND:
    "Choose an address of this machine (HOST, or listen({ host })); 0.0.0.0 is all of them.",
};

function cannotListen(cause: NodeJS.ErrnoException, port: number, host: string): NexusError {
  const why = cause.code === "EADDRINUSE" ? "it is taken" : messageOf(cause);
  return new NexusError("NX_LISTEN", `Cannot listen on port ${port} of ${host}: ${why}.`, {
    cure: cures[cause.code ?? ""] ?? "Choose a port and an address that this machine has.",
    cause,
  });
}
