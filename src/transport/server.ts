import { once } from "node:events";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { messageOf, NexusError } from "../exceptions.ts";
import { Request } from "../message/index.ts";
import { later } from "../waiting.ts";
import { Connection } from "./connection.ts";
import { HeadWriter } from "./head.ts";
import { type HttpServerOptions, lookAfter, timesOf } from "./options.ts";
import { sendResponse } from "./outgoing.ts";
import { refuse, refuseWith } from "./refuse.ts";
import { faultOf, StockTurn } from "./stock.ts";
import type { Exchange, Send, Turn } from "./turn.ts";

// An import of it would load all of fetch too, which few servers need.
const { createServer } = process.getBuiltinModule("node:http");

export interface HttpServer {
  readonly address: AddressInfo;
  /** Stops accepting and waits for what runs; after the deadline, in seconds, connections are cut. */
  close(deadline: number): Promise<void>;
}

/** Where to listen: `path` is that of a Unix socket. */
export type Place = { readonly port: number; readonly host: string } | { readonly path: string };

/** @throws NX_LISTEN NX_TIMEOUT */
export async function createHttpServer(
  exchange: Exchange,
  place: Place,
  options: HttpServerOptions = {},
): Promise<HttpServer> {
  const connections = new Map<Socket, Connection>();
  const { limits, sendTimeout } = timesOf(options);
  const heads = new HeadWriter(limits.keepAliveTimeout);
  const { tls } = options;
  const scheme = tls ? "https" : "http";
  let closing = false;

  const begin = (turn: Turn, connection: Connection): void => {
    const send: Send = (response) => {
      if (closing) turn.outgoing.shouldKeepAlive = false;
      const leaving = sendResponse(response, turn);
      if (leaving) return leaving.then(() => end(turn, connection));
      end(turn, connection);
      return undefined;
    };
    try {
      exchange(new Request(turn), send)?.catch(() => turn.cut());
    } catch {
      turn.cut();
    }
  };
  const end = (turn: Turn, connection: Connection): void => {
    const next = connection.end(turn);
    if (next) begin(next, connection);
    // The head may have left before the end began, and have promised to stay.
    if (closing) setImmediate(() => server.closeIdleConnections());
  };
  const take = (incoming: IncomingMessage, outgoing: ServerResponse, awaitsContinue = false) => {
    const fault = faultOf(incoming);
    if (fault) return refuseWith(outgoing, ...fault);
    const connection = connections.get(incoming.socket);
    if (!connection) return;
    const turn = new StockTurn(incoming, outgoing, scheme, heads);
    turn.awaitsContinue = awaitsContinue;
    if (connection.begin(turn)) begin(turn, connection);
  };

  const settings = { ...limits, optimizeEmptyRequests: true, requireHostHeader: false };
  const server: Server = tls
    ? process.getBuiltinModule("node:https").createServer({ ...settings, ...tls }, take)
    : createServer(settings, take);
  server.maxRequestsPerSocket = options.maxRequestsPerConnection ?? 0;
  server.on("checkContinue", (incoming, outgoing) => take(incoming, outgoing, true));
  // It is no proxy.
  server.on("connect", (_, socket) =>
    socket.end("HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
  );
  server.on("checkExpectation", (_, outgoing: ServerResponse) => refuseWith(outgoing, 417));
  server.on("clientError", (error, socket) => {
    void refuse(error, connections.get(socket as Socket));
  });
  server.on(tls ? "secureConnection" : "connection", (socket: Socket) => {
    connections.set(socket, new Connection(socket));
    socket.once("close", () => connections.delete(socket));
  });

  try {
    server.listen(place);
    await once(server, "listening");
  } catch (cause) {
    throw cannotListen(cause as NodeJS.ErrnoException, place);
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
      for (const { socket, turns } of connections.values()) if (!turns.length) socket.destroy();
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

function cannotListen(cause: NodeJS.ErrnoException, place: Place): NexusError {
  const where = "path" in place ? place.path : `port ${place.port} of ${place.host}`;
  const why = cause.code === "EADDRINUSE" ? "it is taken" : messageOf(cause);
  return new NexusError("NX_LISTEN", `Cannot listen on ${where}: ${why}.`, {
    cure: cures[cause.code ?? ""] ?? "Choose a port and an address that this machine has.",
    cause,
  });
}
