import { timingSafeEqual } from "node:crypto";
import { PermissionDenied } from "../exceptions.ts";
import type { Request } from "../message/index.ts";
import { hashOf } from "./opaque.ts";

export const sessionCookie = "nexus_session";
/** Scripts of the same origin read it, and send it back as a header. */
export const csrfCookie = "nexus_csrf";
const csrfHeader = "x-csrf-token";
const safe = new Set(["GET", "HEAD", "OPTIONS"]);

/** What proves that a request was made by who holds the session's cookie, and not by another site. */
export function csrfTokenOf(secret: string): string {
  return hashOf(`csrf ${secret}`).slice(0, 43);
}

/**
 * A browser sends a cookie whoever makes it ask, so whatever changes something needs a proof that our
 * own pages do: the browser's word, the same origin, or the token that only they can read.
 * @throws PermissionDenied
 */
export function refuseForged(request: Request, secret: string): void {
  if (safe.has(request.method)) return;
  if (isOwnSite(request) || isEqual(request.headers.get(csrfHeader), csrfTokenOf(secret))) return;
  throw forged();
}

/**
 * Before there is a session: what a browser says comes from another site is refused, so that nobody is
 * signed in to an account that is not theirs.
 * @throws PermissionDenied
 */
export function refuseOtherSite(request: Request): void {
  const says = request.headers.has("sec-fetch-site") || request.headers.has("origin");
  if (says && !isOwnSite(request)) throw forged();
}

function isOwnSite(request: Request): boolean {
  const site = request.headers.get("sec-fetch-site");
  if (site !== null) return site === "same-origin" || site === "none";
  // `null`, as sandboxes send it, is no address.
  const origin = URL.parse(request.headers.get("origin") ?? "");
  // With its port, where that is not the usual one.
  if (!origin?.host || origin.host !== request.headers.get("host")?.toLowerCase()) return false;
  // What came by http may come from a proxy that the browser speaks https with: only https says how the
  // browser asked. Browsers that ask by https say `Sec-Fetch-Site`, which knows the scheme.
  const isPlain = origin.protocol === "http:" && !request.url.startsWith("https:");
  return isPlain || origin.protocol === "https:";
}

function isEqual(given: string | null, right: string): boolean {
  if (given === null) return false;
  const [a, b] = [Buffer.from(given), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function forged(): PermissionDenied {
  return new PermissionDenied("The request may have been forged by another site", {
    errorCode: "CSRF",
  });
}
