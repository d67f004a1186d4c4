import { afterEach, expect, test } from "vitest";
import { cleanUp } from "../sockets.ts";
import { serveKinds } from "./app.ts";
import { compare } from "./difference.ts";
import { transports } from "./transports.ts";

afterEach(cleanUp);

test(
  "whatever bytes come, each transport answers them as the first one does",
  { timeout: 120_000 },
  async () => {
    // Where there is no other one, the first is compared with itself: it must be the same too.
    const pair = [transports[0], transports.at(-1)!];
    const servers = await Promise.all(pair.map((transport) => serveKinds({ transport })));
    const ports = servers.map(({ port }) => port);
    const { differences, statuses } = await compare({ ports, seed: 1, count: 1000 });
    expect(differences).toEqual([]);
    // Else nothing was tried.
    expect(statuses.get("200")).toBeGreaterThan(10);
    expect(statuses.get("400")).toBeGreaterThan(10);
    expect(statuses.get("200,200")).toBeGreaterThan(10);
    expect(statuses.size).toBeGreaterThan(15);
  },
);
