import type { ServerOptions } from "node:https";
import { NexusError } from "../exceptions.ts";
import { longestSeconds } from "../waiting.ts";

export const transports = ["stock", "direct"] as const;
/**
 * `stock` is node:http; `direct` takes simple requests from its parser before it makes objects of them,
 * and leaves all others to it.
 */
export type Transport = (typeof transports)[number];

/** Times are in seconds; 0 is for ever. */
export interface HttpServerOptions {
  /** Default `stock`, or what NEXUS_TRANSPORT says. */
  readonly transport?: Transport;
  /** Serves HTTPS, with a key and a certificate in PEM, and whatever else node:https takes. */
  readonly tls?: Pick<
    ServerOptions,
    "key" | "cert" | "ca" | "passphrase" | "minVersion" | "ciphers" | "SNICallback"
  >;
  /** Seconds for the head of a request to arrive; default 30. */
  readonly headersTimeout?: number;
  /** Seconds for a whole request to arrive; default 300. */
  readonly requestTimeout?: number;
  /** Seconds that an idle connection is kept; default 5. */
  readonly keepAliveTimeout?: number;
  /** Seconds that a client may take nothing of what is there for it before it is cut off; default 60. */
  readonly sendTimeout?: number;
  /** Requests that one connection may bring; default 0: any number. */
  readonly maxRequestsPerConnection?: number;
}

/** How long a server waits for its clients, in milliseconds, as node:http has it. @throws NX_TIMEOUT */
export function timesOf(options: HttpServerOptions) {
  const requestTimeout = milliseconds("requestTimeout", options.requestTimeout ?? 300);
  const headersTimeout = milliseconds("headersTimeout", options.headersTimeout ?? 30);
  return {
    sendTimeout: milliseconds("sendTimeout", options.sendTimeout ?? 60),
    limits: {
      requestTimeout,
      // Node refuses a head that may take longer than the whole.
      headersTimeout: requestTimeout ? Math.min(headersTimeout, requestTimeout) : headersTimeout,
      keepAliveTimeout: milliseconds("keepAliveTimeout", options.keepAliveTimeout ?? 5),
      connectionsCheckingInterval: lookAfter(headersTimeout),
    },
  };
}

/** @throws NX_TRANSPORT */
export function transportOf(options: HttpServerOptions): Transport {
  const transport: string = options.transport ?? (process.env["NEXUS_TRANSPORT"] || "stock");
  const known = transports.find((one) => one === transport);
  if (known) return known;
  throw new NexusError("NX_TRANSPORT", `There is no transport "${transport}".`, {
    cure: `Choose one of ${transports.join(", ")} (server.transport, or NEXUS_TRANSPORT).`,
  });
}

/** How often to look whether a time is up. */
export function lookAfter(time: number): number {
  return Math.min(Math.max(time / 4, 50), 5000);
}

function milliseconds(name: string, seconds: number): number {
  // The least of times is more than the 0 that means for ever.
  if (seconds >= 0 && seconds <= longestSeconds) return Math.ceil(seconds * 1000);
  throw new NexusError("NX_TIMEOUT", `The server's ${name} is ${seconds}.`, {
    cure: `Give it seconds, at most ${longestSeconds}; 0 is for ever.`,
  });
}
