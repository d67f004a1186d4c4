import { expect, test } from "vitest";
import { clientAddress, createTrust, Headers, Request } from "./index.ts";

const addressOf = (
  address: string | undefined,
  trusted: readonly string[],
  headers: Record<string, string> | [string, string][] = {},
) =>
  clientAddress(
    new Request({ method: "GET", target: "/", headers: new Headers(headers), address }),
    createTrust(trusted),
  );
const xff = (value: string) => ({ "x-forwarded-for": value });
const peer = "10.0.0.1";
const trusted = ["10.0.0.0/8", "loopback", "fd00::/8", "192.0.2.99"];

test("without trusted proxies the other end of the connection asks", () => {
  expect(addressOf("203.0.113.9", [])).toBe("203.0.113.9");
  expect(addressOf("203.0.113.9", [], xff("1.2.3.4"))).toBe("203.0.113.9");
  expect(addressOf("127.0.0.1", [], { forwarded: "for=1.2.3.4" })).toBe("127.0.0.1");
  expect(addressOf(undefined, trusted, xff("1.2.3.4"))).toBeUndefined();
});

test.each([
  ["one that is not trusted may say what it likes", "203.0.113.9", xff("1.2.3.4"), "203.0.113.9"],
  ["a trusted one is believed", peer, xff("1.2.3.4"), "1.2.3.4"],
  ["a trusted one that says nothing is who asks", peer, {}, peer],
  ["loopback of IPv4", "127.0.0.53", xff("1.2.3.4"), "1.2.3.4"],
  ["loopback of IPv6", "::1", xff("1.2.3.4"), "1.2.3.4"],
  ["IPv4 in IPv6, as dual-stack sockets say it", "::ffff:10.0.0.1", xff("1.2.3.4"), "1.2.3.4"],
  ["IPv4 in IPv6, not trusted", "::ffff:203.0.113.9", xff("1.2.3.4"), "203.0.113.9"],
  ["a network of IPv6", "fd12::1", xff("2001:db8::1"), "2001:db8::1"],
  ["what a client wrote before the proxy did", peer, xff("6.6.6.6, 1.2.3.4"), "1.2.3.4"],
  ["through two proxies", peer, xff("6.6.6.6, 1.2.3.4, 10.9.9.9"), "1.2.3.4"],
  ["a client that pretends to be a proxy", peer, xff("6.6.6.6, 10.9.9.9, 1.2.3.4"), "1.2.3.4"],
  ["proxies all the way", peer, xff("10.1.1.1, 10.2.2.2"), "10.1.1.1"],
  ["no address, nearest", peer, xff("1.2.3.4, unknown"), peer],
  ["no address behind a proxy", peer, xff("<script>, 10.2.2.2"), "10.2.2.2"],
  ["empty", peer, xff(""), peer],
  ["only commas", peer, xff(",,,"), peer],
  ["with a port", peer, xff("1.2.3.4:5678"), "1.2.3.4"],
  ["IPv6 with a port", peer, xff("[2001:db8::1]:5678"), "2001:db8::1"],
  ["IPv4 in IPv6, said", peer, xff("::ffff:1.2.3.4"), "1.2.3.4"],
  ["octal, hex and short forms are none", peer, xff("0x7f.1"), peer],
  ["Forwarded", peer, { forwarded: "for=1.2.3.4;proto=https;by=10.0.0.1" }, "1.2.3.4"],
  ["Forwarded, quoted", peer, { forwarded: 'proto=https; For="[2001:db8::1]:47"' }, "2001:db8::1"],
  ["Forwarded by two", peer, { forwarded: "for=6.6.6.6, for=1.2.3.4, for=10.3.3.3" }, "1.2.3.4"],
  ["Forwarded of an unknown one", peer, { forwarded: "for=1.2.3.4, for=_hidden" }, peer],
  ["both agree", peer, { ...xff("1.2.3.4"), forwarded: "for=1.2.3.4" }, "1.2.3.4"],
  ["a client adds the other one", peer, { ...xff("1.2.3.4"), forwarded: "for=6.6.6.6" }, peer],
  ["a single trusted address", "192.0.2.99", xff("1.2.3.4"), "1.2.3.4"],
  ["its neighbour", "192.0.2.98", xff("1.2.3.4"), "192.0.2.98"],
])("behind proxies: %s", (_, address, headers, expected) => {
  expect(addressOf(address, trusted, headers as Record<string, string>)).toBe(expected);
});

test("a header that comes twice is one chain", () => {
  const headers: [string, string][] = [
    ["X-Forwarded-For", "6.6.6.6"],
    ["X-Forwarded-For", "1.2.3.4"],
  ];
  expect(addressOf(peer, trusted, headers)).toBe("1.2.3.4");
});

test("a chain as long as headers may be is read in no time", () => {
  expect(addressOf(peer, trusted, xff(`6.6.6.6${", 10.1.1.1".repeat(7000)}`))).toBe("6.6.6.6");
});
