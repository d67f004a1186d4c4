import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { findSocketTests, findTests, others, read, starters, starts } from "./socket-tests.ts";

/** What a server is started with, in what tests share. */
const server = /\.listen\(|\bcreateHttpServer\(|src\/cli\/main\.ts/;
const named = new RegExp(`^export (?:async )?function (?:${starters})\\(`, "m");
/** Shared, though what is taken from them starts no server of ours. */
const harmless = [
  // The command, for what ends by itself.
  "test/plugin-command.ts",
];

test("the tests that speak HTTP over a socket are found", () => {
  expect(findSocketTests()).toEqual(
    expect.arrayContaining([
      "src/app/close.test.ts",
      "src/http/stream.test.ts",
      "test/shutdown.test.ts",
      "test/transports/pipelining.test.ts",
    ]),
  );
});

test("what need not run on each transport is a test that starts a server", () => {
  const strangers = Object.keys(others).filter((file) => {
    return !findTests().includes(file) || !starts.test(read(file));
  });
  expect(strangers, "take it off the list").toEqual([]);
});

test("whatever starts a server for several tests is known by its name", () => {
  const unknown = findTests().flatMap((file) =>
    [...read(file).matchAll(/^import [^;]*? from "(\.[^"]+)";/gm)].flatMap(([line, path]) => {
      const shared = join(dirname(file), path!).replaceAll("\\", "/");
      if (!shared.startsWith("test/") || harmless.includes(shared)) return [];
      return server.test(read(shared)) && !named.test(read(shared)) ? `${shared}: ${line}` : [];
    }),
  );
  expect(unknown, "add the function's name to `starters`").toEqual([]);
});
