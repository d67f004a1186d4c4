import { expect, test } from "vitest";
import { chart } from "../bench/chart.ts";
import { listOf } from "../bench/cores.ts";
import { parseWrk } from "../bench/load.ts";
import { cpuOf, memoryOf } from "../bench/proc.ts";
import { joined } from "../bench/full.ts";
import { compare, median } from "../bench/ratios.ts";
import { page, table } from "../bench/report.ts";
import type { Slice } from "../bench/rounds.ts";

const output = `Running 60m test @ http://127.0.0.1:3000/hello
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   783.12us  201.11us   7.31ms   95.01%
    Req/Sec    81.72k     2.51k   84.03k    90.00%
  Latency Distribution
     50%  741.00us
     75%    0.86ms
     90%    0.95ms
     99%    1.43ms
  163447 requests in 2.01s, 28.06MB read
Requests/sec:  81322.56
Transfer/sec:     13.96MB
`;

test("what wrk prints is read in milliseconds", () => {
  expect(parseWrk(output)).toEqual({
    requests: 163447,
    perSecond: 81322.56,
    p50: 0.741,
    p99: 1.43,
  });
  expect(parseWrk(output.replace("1.43ms", "1.20s")).p99).toBe(1200);
});

test.each([
  "  Non-2xx or 3xx responses: 12",
  "  Socket errors: connect 0, read 3, write 0, timeout 0",
])("a load with failures is no result: %s", (line) => {
  expect(() => parseWrk(output.replace("Requests/sec", `${line}\nRequests/sec`))).toThrow(
    line.trim(),
  );
});

test("nothing is compared where nobody was answered", () => {
  expect(() => parseWrk("unable to connect to 127.0.0.1:3000")).toThrow("unable to connect");
});

test("a median is the middle one, or the middle of two", () => {
  expect(median([10, 1, 2])).toBe(2);
  expect(median([10, 1, 2, 4])).toBe(3);
});

const slice = (perSecond: number, more: Partial<Slice> = {}): Slice => ({
  requests: perSecond,
  perSecond,
  p50: 1,
  p99: 2,
  cpu: 1000,
  ...more,
});

test("several processes of a peer count as one that was asked more often", () => {
  const one = { slices: { raw: [slice(100)] }, idle: { raw: 60 }, loaded: { raw: 90 } };
  const other = { slices: { raw: [slice(90), slice(80)] }, idle: { raw: 58 }, loaded: { raw: 99 } };
  const { slices, ...memory } = joined([one, other]);
  expect(slices["raw"]!.map(({ perSecond }) => perSecond)).toEqual([100, 90, 80]);
  expect(memory).toEqual({ idle: { raw: 58 }, loaded: { raw: 99 } });
});

test("a peer is compared with the reference of the same round", () => {
  const { peer, raw } = compare({
    raw: [slice(100), slice(50), slice(10)],
    peer: [slice(120), slice(60), slice(5)],
  });
  expect(raw!.ratio).toBe(1);
  expect(peer!.ratio).toBe(1.2);
  expect(peer!.perSecond).toBe(60);
});

test("CPU time is that of a request, in microseconds, over all rounds", () => {
  const { peer } = compare({
    raw: [slice(100, { cpu: 4 }), slice(100, { cpu: 4 })],
    peer: [slice(100, { cpu: 3 }), slice(300, { cpu: 5 })],
  });
  expect(peer!.cpu).toBe(20);
  expect(peer!.cpuRatio).toBe(2);
});

test("without the reference nothing is compared", () => {
  expect(() => compare({ peer: [slice(1)] })).toThrow("raw was not measured");
});

test("what Linux says of a process is read, whatever its name is", () => {
  const stat = `42 (a (strange) name) S ${Array.from({ length: 40 }, (_, at) => at + 4).join(" ")}`;
  expect(cpuOf(stat)).toBe((14 + 15) * 10);
  expect(memoryOf("Name:\tnode\nVmRSS:\t   65536 kB\n")).toBe(64);
});

test("the cores that a process may use are read from a list of ranges", () => {
  expect(listOf("0-2,5")).toEqual(["0", "1", "2", "5"]);
  expect(listOf("")).toEqual([]);
});

const results = compare({ raw: [slice(100)], nexus: [slice(125)] });

test("a page has every number of every peer, and its own ones in bold", () => {
  const text = page({
    results: { W1: results },
    footprints: {
      raw: { cold: 80, warm: 60, idle: 64, loaded: 70 },
      nexus: { cold: 90, warm: 65, idle: 66, loaded: 80 },
    },
    titles: { W1: "hello" },
    surroundings: ["today"],
    scenarios: [],
  });
  expect(text).toContain("| raw | 1.00 |\n| **nexus** | 1.25 |");
  expect(text).toContain("| **nexus** | 90 | 65 | 66 | 80 |");
  expect(text).toContain("## W1: hello");
  expect(table("W1 hello", results)).toMatch(/^W1 hello\n.*ratio/);
});

test("a chart has a bar as long as its ratio, and says all of it without being seen", () => {
  const svg = chart(
    [{ name: "W1", title: "hello" }],
    [
      { name: "nexus", ratios: [1.5], isOurs: true },
      { name: "raw", ratios: [0.75], isOurs: false },
    ],
  );
  const [long, short] = [...svg.matchAll(/<rect[^>]* width="([\d.]+)"/g)].map(([, w]) => Number(w));
  expect(long).toBe(short! * 2);
  expect(svg).toContain("nexus: W1 1.50; raw: W1 0.75");
  expect(svg).toContain("prefers-color-scheme: dark");
});
