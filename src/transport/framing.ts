import { authorityOf } from "./target.ts";
import type { Fault } from "./turn.ts";

/** What the head of a request says of what belongs to it. */
export interface Framing {
  /** What makes it unanswerable, though the parser took it. */
  readonly fault: Fault | undefined;
  /** Bytes of the body; Infinity where that is not said. */
  readonly length: number;
  /** Whether it would go on in another protocol. */
  readonly offersUpgrade: boolean;
}

export function framingOf(
  major: number,
  minor: number,
  target: string,
  fields: readonly string[],
): Framing {
  let coding: string | undefined;
  let length = 0;
  let hosts = 0;
  let isHost = true;
  let expectation: string | undefined;
  let upgrade = false;
  let connection: string | undefined;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    const value = fields[i + 1]!;
    // By their lengths first: most fields are none of these.
    switch (name.length) {
      case 4:
        if (!is(name, "host")) break;
        hosts++;
        isHost &&= isAuthority(value);
        break;
      case 6:
        if (is(name, "expect")) expectation = joined(expectation, value);
        break;
      case 7:
        upgrade ||= is(name, "upgrade");
        break;
      case 10:
        if (is(name, "connection")) connection = joined(connection, value);
        break;
      case 14:
        if (is(name, "content-length")) length = Number(value);
        break;
      case 17:
        if (is(name, "transfer-encoding")) coding = joined(coding, value);
        break;
      default:
    }
  }
  return {
    fault: faultIn({ major, minor, target, coding, hosts, isHost, expectation }),
    length: coding === undefined ? length : Infinity,
    offersUpgrade: upgrade && connection !== undefined && wantsUpgrade.test(connection),
  };
}

/** The largest body that is kept until it is whole, in bytes. */
const most = 64 * 1024;

/**
 * Whether these are the fields of a request whose way is plain: to one host, its body small and of a known
 * length, and sent without asking.
 * @returns the length of the body; -1 for all others
 */
export function plainLength(headers: readonly string[]): number {
  let hosts = 0;
  let length = 0;
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!;
    // By their lengths first: most fields are none of these.
    switch (name.length) {
      case 4:
        if (!is(name, "host")) break;
        if (!isAuthority(headers[i + 1]!)) return -1;
        hosts++;
        break;
      case 6:
        if (is(name, "expect")) return -1;
        break;
      case 14:
        if (is(name, "content-length")) length = Number(headers[i + 1]);
        break;
      case 17:
        if (is(name, "transfer-encoding")) return -1;
        break;
      default:
    }
  }
  return hosts === 1 && length <= most ? length : -1;
}

interface Said {
  readonly major: number;
  readonly minor: number;
  readonly target: string;
  readonly coding: string | undefined;
  readonly hosts: number;
  readonly isHost: boolean;
  readonly expectation: string | undefined;
}

function faultIn(said: Said): Fault | undefined {
  const { major, minor, target, coding, hosts, isHost, expectation } = said;
  if (coding !== undefined && coding.trim().toLowerCase() !== "chunked")
    return [501, "Of the transfer codings only chunked is understood"];
  if (hosts > 1) return [400, "The request has more than one Host"];
  if (hosts === 0 && !(major === 1 && minor === 0)) return [400, "The request has no Host"];
  if (!isHost || !isAuthority(authorityOf(target) ?? "")) return [400, "The Host is none"];
  if (major !== 1) return [505];
  return expectation === undefined || minor === 0 || leave.test(expectation) ? undefined : [417];
}

const wantsUpgrade = /(?:^|,)\s*upgrade\s*(?:,|$)/i;

/** As node:http has it. */
const leave = /(?:^|\W)100-continue(?:$|\W)/i;

function joined(one: string | undefined, other: string): string {
  return one === undefined ? other : `${one}, ${other}`;
}

/** The last one that was looked at: most requests of a server are to the same host. */
let known = "";

/** Whether it names a host, and perhaps a port (RFC 9112, 3.2); it may be empty. */
export function isAuthority(text: string): boolean {
  if (text === known || text === "") return true;
  if (!authority.test(text)) return false;
  known = text;
  return true;
}

const authority =
  /^(?:\[[\da-f:.]+\]|\[v[\da-f]+\.[\w.~!$&'()*+,;=:-]+\]|(?:[\w.~!$&'()*+,;=-]|%[\da-f]{2})*)(?::\d*)?$/i;

function is(name: string, wanted: string): boolean {
  return name === wanted || name.toLowerCase() === wanted;
}
