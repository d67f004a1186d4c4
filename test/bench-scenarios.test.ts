import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { flood } from "../bench/scenarios/flood.ts";
import { describe, ratioOf, type Row, section } from "../bench/scenarios/scenario.ts";

const hello = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

test("a flood looks at every answer, and counts those that are wrong or do not come", async () => {
  let asked = 0;
  const server = createServer((request, response) => {
    asked++;
    if (asked === 50) request.socket.destroy();
    else if (asked % 10 === 0) response.end("something else");
    else response.end("right");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const options = { port, request: hello, rate: 2000, connections: 5, seconds: 0.2 };
  const report = await flood({ ...options, body: "right" });
  server.close();
  expect(report.sent).toBeGreaterThan(60);
  // Each tenth, and what waited behind the one whose connection was cut.
  expect(report.wrong).toBeGreaterThanOrEqual(Math.floor(asked / 10));
  expect(report.wrong).toBeLessThan(report.sent / 2);
});

test("more is better than raw where more is better, and less where less is", () => {
  const values = { raw: 10, nexus: 20 };
  const row: Row = { name: "hello", unit: "req/s", better: "more", values };
  expect(ratioOf(row, "nexus")).toBe(2);
  expect(ratioOf({ ...row, better: "less" }, "nexus")).toBe(0.5);
  expect(ratioOf({ name: "part", unit: "%", values }, "nexus")).toBeUndefined();
  expect(ratioOf({ ...row, values: { nexus: 20 } }, "nexus")).toBeUndefined();
});

test("a scenario is a table, in which peers without a figure have none", () => {
  const rows: Row[] = [
    { name: "hello", unit: "req/s", better: "more", values: { raw: 1000, nexus: 1100 } },
    { name: "a match", unit: "ns", better: "less", values: { nexus: 123.4 } },
  ];
  const result = { name: "many", title: "many plugins", rows, notes: ["Said beside."] };
  expect(section(result)).toBe(`## many: many plugins

|  | raw | nexus |
| --- | --: | --: |
| hello, req/s | 1000 | 1100 (1.10) |
| a match, ns |  | 123 |

Said beside.`);
  expect(describe(result)).toContain("hello, req/s: raw 1000, nexus 1100 (1.10)");
});
