import type { Server } from "node:http";

/** What node:http asks of itself: parsers within a message, and those that are not; a new one is both. */
interface Connections {
  active(): readonly { readonly socket?: unknown }[];
  idle(): readonly object[];
}

/**
 * Sockets on which a request has begun to arrive. Nothing but the parser sees where one begins; where this
 * Node has no such lists there are none.
 */
export function arrivalsOn(server: Server): ReadonlySet<unknown> {
  const symbol = Object.getOwnPropertySymbols(server).find(
    ({ description }) => description === "http.server.connections",
  );
  const lists = symbol && (server as unknown as Record<symbol, Partial<Connections>>)[symbol];
  if (!lists?.active || !lists.idle) return new Set();
  const idle = new Set(lists.idle());
  return new Set(
    lists
      .active()
      .filter((parser) => !idle.has(parser))
      .map(({ socket }) => socket),
  );
}
