import { ServerResponse } from "node:http";
import { afterEach, expect, test } from "vitest";
import { cleanUp, defer } from "../sockets.ts";
import { serveKinds } from "./app.ts";
import { Conversation } from "./conversation.ts";
import { request } from "./requests.ts";
import { transports } from "./transports.ts";

afterEach(cleanUp);

test("tests run on the transport that they are run for", async () => {
  const { prototype } = ServerResponse;
  const { assignSocket } = Object.getOwnPropertyDescriptors(prototype);
  let responses = 0;
  prototype.assignSocket = function (socket) {
    responses++;
    assignSocket.value!.call(this, socket);
  };
  defer(() => Object.defineProperty(prototype, "assignSocket", assignSocket));
  const { port } = await serveKinds();
  const client = await Conversation.open(port);
  responses = 0;
  for (const target of ["/now", "/later", "/now"]) await client.send(request(target)).answer();
  const transport = process.env["NEXUS_TRANSPORT"];
  expect(transports).toContain(transport);
  // Only node:http itself makes one for each request.
  expect(responses).toBe(transport === "stock" ? 3 : 0);
});
