import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { check } from "../bench/check.ts";
import { bench, ours, type Peer, peers, root } from "../bench/peers.ts";
import { linkPlatform } from "../bench/prepare.ts";
import { type Server, startServer } from "../bench/process.ts";
import { reference } from "../bench/ratios.ts";

const servers: Server[] = [];
afterAll(() => Promise.all(servers.map((server) => server.stop())));

/** From their sources, as nothing is built here. */
function unbuilt({ name, ...peer }: Peer): Peer {
  const file = join(bench, "peers", ours(name) ? "nexus.ts" : `${name}.ts`);
  const node = join(root, "node_modules/.bin/node");
  return { ...peer, name, command: [node, "--conditions=source", file] };
}

test("with either transport, with layers and without, the platform does the work that is measured", async () => {
  linkPlatform();
  const measured = peers.filter(({ name }) => ours(name) || name === reference);
  for (const peer of measured) servers.push(await startServer(unbuilt(peer)));
  expect(servers).toHaveLength(5);
  expect(await check(servers)).toEqual([]);
});

test("a peer that does other work is found", async () => {
  const model = servers.find(({ peer }) => peer.name === reference)!;
  const other = { ...model, url: `${model.url}/elsewhere`, peer: { ...model.peer, name: "other" } };
  expect(await check([model, other])).toContainEqual(expect.stringMatching(/^other, W1: /));
});
