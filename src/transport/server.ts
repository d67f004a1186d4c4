import { AsyncLocalStorage } from "node:async_hooks";
import { once } from "node:events";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { logOf } from "../log.ts";
import { Request } from "../message/index.ts";
import { findScope } from "../scope.ts";
import { later } from "../waiting.ts";
import { arrivalsOn } from "./arrivals.ts";
import { Beginnings } from "./beginnings.ts";
import { Connection } from "./connection.ts";
import { departures } from "./departures.ts";
import { framingOf } from "./framing.ts";
import { HeadWriter } from "./head.ts";
import { createIntake } from "./intake.ts";
import { type HttpServerOptions, lookAfter, timesOf, transportOf } from "./options.ts";
import { sendResponse } from "./outgoing.ts";
import { cannotListen, type Place } from "./place.ts";
import { refuse, refuseRequest } from "./refuse.ts";
import type { Exchange, RequestTurn, Send } from "./request-turn.ts";
import { StockTurn } from "./stock.ts";
import { Watch } from "./watch.ts";

// An import of it would load all of fetch too, which few servers need.
const { createServer } = process.getBuiltinModule("node:http");

export interface HttpServer {
  readonly address: AddressInfo;
  /** Stops accepting and waits for what runs; after the deadline, in seconds, connections are cut. */
  close(deadline: number): Promise<void>;
}

/** @throws NX_LISTEN NX_TIMEOUT NX_TRANSPORT */
export async function createHttpServer(
  exchange: Exchange,
  place: Place,
  options: HttpServerOptions = {},
): Promise<HttpServer> {
  const connections = new Map<Socket, Connection>();
  const watches = new Map<Socket, Watch>();
  const { limits, sendTimeout } = timesOf(options);
  const heads = new HeadWriter(limits.keepAliveTimeout);
  const beginnings = new Beginnings(() => departures.leave());
  const { tls, maxRequestsPerConnection } = options;
  const isDirect = transportOf(options) === "direct";
  const scheme = tls ? "https" : "http";
  const scope = findScope();
  let closing = false;
  let isSweeping = false;
  let isPatient = true;

  /** Begins a request as soon as nothing before it on its connection has yet to begin. */
  const receive = (turn: RequestTurn, connection: Connection): void => {
    if (!turn.isSmall && !connection.beginning) return begin(turn, connection);
    connection.beginning++;
    const origin = turn.origin();
    beginnings.add(() => {
      connection.beginning--;
      // It may have been refused meanwhile, or its client have gone.
      if (connection.isAnswering(turn)) origin.runInAsyncScope(() => begin(turn, connection));
    });
  };
  const begin = (turn: RequestTurn, connection: Connection): void => {
    // Whatever is sent ends here: as a whole, or by a cut.
    const send: Send = (response, canWait = false) => {
      turn.isAnswered = true;
      if (closing && turn === connection.latest) turn.isLast = true;
      try {
        const leaving = sendResponse(response, turn);
        if (leaving) return leaving.then(() => finish(turn, connection, canWait), fail);
      } catch (error) {
        fail(error);
      }
      finish(turn, connection, canWait);
      return undefined;
    };
    const fail = (error: unknown): never => {
      turn.cut();
      throw error;
    };
    departures.expect();
    try {
      const running = exchange(new Request(turn), send);
      if (running)
        running.then(
          () => settle(turn),
          (error: unknown) => settle(turn, error),
        );
      else settle(turn);
    } catch (error) {
      settle(turn, error);
    }
  };
  /** Nobody goes on with it. */
  const settle = (turn: RequestTurn, error?: unknown): void => {
    if (turn.isAnswered) return;
    if (!turn.hasParted) logOf(scope).error({ err: error }, unanswered);
    turn.cut();
  };
  const finish = (turn: RequestTurn, connection: Connection, canWait: boolean): void => {
    end(turn, connection);
    // What follows may take long, and all that was answered before leaves before it begins.
    if (!canWait) departures.leave();
  };
  const end = (turn: RequestTurn, connection: Connection): void => {
    const next = connection.end(turn);
    if (next) {
      // What waits is always a request. It begins in its own context, not in that of the one that made it wait.
      const request = next as RequestTurn;
      request.origin().runInAsyncScope(() => receive(request, connection));
    }
    // The head may have left before the end began, and have promised to stay.
    if (!closing || isSweeping) return;
    isSweeping = true;
    setImmediate(sweep);
  };
  /** Ends what is not used. A head that has begun to arrive is waited for, though not for long. */
  const sweep = (): void => {
    isSweeping = false;
    const arrivals = isPatient ? arrivalsOn(server) : new Set();
    for (const connection of connections.values())
      if (!arrivals.has(connection.socket)) connection.endIfUnused();
  };
  const take = (incoming: IncomingMessage, outgoing: ServerResponse, awaitsContinue = false) => {
    const connection = connections.get(incoming.socket);
    if (!connection?.isOpen) return;
    const { httpVersionMajor: major, httpVersionMinor: minor, rawHeaders } = incoming;
    const { fault, length, offersUpgrade } = framingOf(
      major,
      minor,
      incoming.url ?? "/",
      rawHeaders,
    );
    if (fault) return refuseRequest(connection, fault);
    const turn = new StockTurn(connection, incoming, outgoing, scheme, heads, length);
    turn.awaitsContinue = awaitsContinue;
    // Behind the offer of another protocol node:http reads nothing, though it is not taken up.
    if (offersUpgrade) turn.isLast = true;
    if (connection.add(turn)) receive(turn, connection);
    // Others make it wait: its context is the one that is current now.
    else turn.origin();
  };

  const { keepAliveTimeout } = limits;
  const settings = {
    ...limits,
    // node:http would set a timer with each answer.
    keepAliveTimeout: 0,
    optimizeEmptyRequests: true,
    requireHostHeader: false,
  };
  const server: Server = tls
    ? process.getBuiltinModule("node:https").createServer({ ...settings, ...tls }, take)
    : createServer(settings, take);
  // Whoever closes his side of a connection may still be there to hear the answer.
  Object.assign(server, { httpAllowHalfOpen: true });
  // Node's own takes answers for sent that have only been written.
  server.closeIdleConnections = sweep;
  server.on("checkContinue", (incoming, outgoing) => take(incoming, outgoing, true));
  server.on("checkExpectation", take);
  server.on("connect", ({ socket }) => refuseRequest(connections.get(socket), [405]));
  server.on("clientError", (error, socket) => refuse(error, connections.get(socket as Socket)));
  const attend = isDirect ? createIntake(server, { scheme, heads, begin: receive }) : undefined;
  server.on(tls ? "secureConnection" : "connection", (socket: Socket) => {
    const connection = new Connection(socket, maxRequestsPerConnection);
    connections.set(socket, connection);
    watches.set(socket, new Watch(connection));
    socket.once("close", () => connections.delete(socket) && watches.delete(socket));
    attend?.(connection);
  });

  try {
    // Each request would begin with what is current here, and copy it.
    outside(() => server.listen(place));
    await once(server, "listening");
  } catch (cause) {
    throw cannotListen(cause as NodeJS.ErrnoException, place);
  }
  const every = (time: number, look: () => void): void => {
    // One look at all of them costs less than a timer for each answer.
    const timer = setInterval(look, lookAfter(time)).unref();
    server.once("close", () => clearInterval(timer));
  };
  if (sendTimeout)
    every(sendTimeout, () => {
      for (const watch of watches.values()) watch.cutIfStalled(sendTimeout);
    });
  if (keepAliveTimeout)
    every(keepAliveTimeout, () => {
      const arrivals = arrivalsOn(server);
      for (const [socket, watch] of watches)
        watch.endIfIdle(keepAliveTimeout + grace, arrivals.has(socket));
    });
  return {
    address: server.address() as AddressInfo,
    async close(deadline) {
      closing = true;
      const closed = once(server, "close");
      server.close();
      const patience = later(headPatience, () => {
        isPatient = false;
        sweep();
      });
      const timer = later(deadline * 1000, () => {
        departures.leave();
        server.closeAllConnections();
      });
      await closed;
      clearTimeout(timer);
      clearTimeout(patience);
    },
  };
}

/** Runs a function in no context: that in which this module was loaded. */
const outside = AsyncLocalStorage.snapshot();

/** Milliseconds that a server which closes waits for heads that have begun to arrive. */
const headPatience = 1000;

const unanswered = "A request was left without an answer: its connection is cut";

/** Milliseconds that an idle connection is kept for longer than is said: a request may be on its way. */
const grace = 1000;
