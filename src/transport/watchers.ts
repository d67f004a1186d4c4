import { EventEmitter } from "node:events";
import type { Server } from "node:http";
import { channel } from "node:diagnostics_channel";
import { responseTo } from "./parser.ts";

const started = channel("http.server.request.start");
const created = channel("http.server.response.created");
const finished = channel("http.server.response.finish");

/** Whether somebody is told of each request that node:http takes, and each response that it makes. */
export function isWatched(): boolean {
  return started.hasSubscribers || created.hasSubscribers || finished.hasSubscribers;
}

/** Whether somebody measures requests, or has put himself between a server and its listeners. */
export function isMeasured(server: Server): boolean {
  if (server.emit !== EventEmitter.prototype.emit) return true;
  // What a PerformanceObserver of "http" makes node:http keep of each response.
  const symbols = Object.getOwnPropertySymbols(responseTo("GET"));
  return symbols.some(({ description }) => description === "ServerResponseStatistics");
}
