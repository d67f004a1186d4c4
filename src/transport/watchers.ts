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

/** Milliseconds for which what was seen is taken to be so. */
const lasting = 1000;

/** @returns what says whether somebody measures requests, or stands between a server and its listeners */
export function createMeasures(server: Server): () => boolean {
  let isMeasured = false;
  let lookedAt = -Infinity;
  return () => {
    if (server.emit !== EventEmitter.prototype.emit) return true;
    const now = performance.now();
    if (now - lookedAt < lasting) return isMeasured;
    lookedAt = now;
    // What a PerformanceObserver of "http" makes node:http keep of each response.
    const symbols = Object.getOwnPropertySymbols(responseTo("GET"));
    isMeasured = symbols.some(({ description }) => description === "ServerResponseStatistics");
    return isMeasured;
  };
}
