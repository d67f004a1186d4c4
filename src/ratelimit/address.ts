import { isIPv6 } from "node:net";
import { settingsKey } from "../config/index.ts";
import type { Context } from "../context.ts";
import { clientAddress, createTrust, type Trust } from "../message/index.ts";
import { key } from "../scope.ts";

const trustKey = key<Trust>("nexus/Trust");

/** Where a request comes from, past the proxies that `NEXUS_TRUSTED_PROXIES` names. */
export function addressOf(context: Context): string | undefined {
  return clientAddress(context.request, trustOf(context));
}

/** Made once an app. */
function trustOf({ root }: Context): Trust {
  const known = root.find(trustKey);
  if (known) return known;
  const trust = createTrust(root.find(settingsKey)?.trustedProxies ?? []);
  root.provide(trustKey, trust);
  return trust;
}

/** What is counted for an address: whoever has one of IPv6 has 2^64 of them. */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = "", tail] = address.toLowerCase().split("::");
  const groups = head.split(":").filter(Boolean);
  const missing =
    tail === undefined ? 0 : 8 - groups.length - tail.split(":").filter(Boolean).length;
  const zeros = Array.from({ length: Math.max(0, missing) }, () => "0");
  const all = [...groups, ...zeros, ...(tail?.split(":") ?? [])];
  const first = all.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${first.join(":")}::/64`;
}
