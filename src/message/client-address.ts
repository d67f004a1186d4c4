import { BlockList, isIP } from "node:net";
import type { Request } from "./request.ts";

/** The proxies whose word on a client's address is believed. */
export interface Trust {
  has(address: string): boolean;
}

/** @param proxies addresses, networks such as `10.0.0.0/8`, and `loopback` */
export function createTrust(proxies: readonly string[]): Trust {
  const list = new BlockList();
  for (const one of proxies.flatMap((name) => (name === "loopback" ? loopback : name))) {
    const [network = "", bits] = one.split("/");
    const family = familyOf(network);
    list.addSubnet(network, Number(bits ?? (family === "ipv4" ? 32 : 128)), family);
  }
  return { has: (address) => proxies.length > 0 && list.check(address, familyOf(address)) };
}

const loopback = ["127.0.0.0/8", "::1"];

/**
 * Where a request comes from: the other end of the connection, or, where that is a trusted proxy,
 * the nearest address in X-Forwarded-For or Forwarded that is not one.
 */
export function clientAddress(request: Request, trust: Trust): string | undefined {
  const peer = request.address === undefined ? undefined : addressIn(request.address);
  if (peer === undefined || !trust.has(peer)) return peer ?? request.address;
  const xForwardedFor = request.headers.get("x-forwarded-for");
  const forwarded = request.headers.get("forwarded");
  const said = [
    xForwardedFor === null ? undefined : nearest(xForwardedFor.split(","), peer, trust),
    forwarded === null ? undefined : nearest(forwarded.split(",").map(forOf), peer, trust),
  ].filter((address) => address !== undefined);
  // A proxy writes one of the two, and passes the other on as the client wrote it: where they differ, which?
  const [first = peer, second = first] = said;
  return first === second ? first : peer;
}

/** From right to left: each proxy adds at the end whom it heard, and only what trusted ones add counts. */
function nearest(chain: readonly string[], peer: string, trust: Trust): string {
  let at = peer;
  for (const said of chain.toReversed()) {
    const address = addressIn(said);
    if (address === undefined) return at;
    at = address;
    if (!trust.has(address)) return at;
  }
  return at;
}

/** `for="[2001:db8::1]:4711";proto=https` → `[2001:db8::1]:4711`. */
function forOf(element: string): string {
  const [, quoted, plain] = /(?:^|;)\s*for=(?:"([^"]*)"|([^;\s]*))/i.exec(element) ?? [];
  return quoted ?? plain ?? "";
}

/** An address without port, brackets and zone; one of IPv4 in IPv6 as IPv4. */
function addressIn(text: string): string | undefined {
  const [, bracketed, v4] = /^\[([^\]]+)\](?::\d+)?$|^([\d.]+):\d+$/.exec(text.trim()) ?? [];
  const [bare = ""] = (bracketed ?? v4 ?? text.trim()).split("%");
  const address = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1] ?? bare;
  return isIP(address) ? address : undefined;
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIP(address) === 6 ? "ipv6" : "ipv4";
}
