import { expect, test } from "vitest";
import { accountsClient } from "../../test/accounts-client.ts";
import { somebody } from "../../test/admin-client.ts";
import { Roles } from "../accounts/index.ts";
import { get } from "../http/index.ts";
import { createLog } from "../log.ts";
import { mostLines } from "../log-tail.ts";
import { Plugin } from "../plugin/index.ts";
import { inject } from "../services.ts";
import type { TestClient } from "../testing/index.ts";

const may = { permissions: ["admin:plugins"] };

class Talker extends Plugin {
  say = get("/say/{word}", ({ word }) => this.log.info(word));
  many = get("/many/{count:int}", ({ count }) => {
    for (let i = 1; i <= count; i++) this.log.info(`line ${i}`);
  });
}

interface Heard {
  readonly id?: string;
  readonly event: string;
  readonly data: { readonly msg?: string; readonly plugin?: string; readonly lines?: number };
}

/** Listens to a plugin's log. */
async function listen(client: TestClient, token: string, query = "", seen = "") {
  const headers = { authorization: `Bearer ${token}`, "last-event-id": seen };
  const url = `http://test/api/v1/plugins/talker/logs?${query}`;
  const { status, body } = await client.app.fetch(new Request(url, { headers }));
  const reader = body!.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  return {
    status,
    cancel: () => reader.cancel(),
    /** The next events; fewer when there are no more. */
    next: async (count: number): Promise<Heard[]> => {
      while (rest.split("\n\n").length <= count) {
        const { value, done } = await reader.read();
        if (done) break;
        rest += value;
      }
      const blocks = rest.split("\n\n");
      rest = blocks.slice(count).join("\n\n");
      return blocks.slice(0, count).filter(Boolean).map(heardIn);
    },
  };
}

function heardIn(block: string): Heard {
  const fields = Object.fromEntries(block.split("\n").map((line) => line.split(/: (.*)/s)));
  const { id, event } = fields;
  return { id, event, data: JSON.parse(fields["data"]) };
}

const words = (heard: readonly Heard[]) => heard.map(({ data }) => data.msg);
const say = (client: TestClient, word: string) => client.get(`/say/${word}`);

async function start() {
  const log = createLog({ destination: { write: () => {} } });
  const client = await accountsClient({ log }, [Talker]);
  return { client, root: await somebody(client, "root", may) };
}

test("the last lines come first, then each new one as it is written", async () => {
  const { client, root } = await start();
  await using _ = client;
  for (const word of ["a", "b", "c"]) await say(client, word);
  const listener = await listen(client, root.token, "lines=2");
  const [first, second] = await listener.next(2);
  expect([listener.status, words([first!, second!])]).toEqual([200, ["b", "c"]]);
  expect(first).toMatchObject({
    event: "line",
    data: { level: 30, time: expect.any(Number), plugin: "talker" },
  });
  const third = listener.next(1);
  await say(client, "d");
  expect(words(await third)).toEqual(["d"]);
  await listener.cancel();
  const fresh = await listen(client, root.token, "lines=0");
  const next = fresh.next(1);
  await say(client, "e");
  expect(words(await next)).toEqual(["e"]);
  await fresh.cancel();
});

test("who comes back hears what was written meanwhile, and how much was missed", async () => {
  const { client, root } = await start();
  await using _ = client;
  await say(client, "a");
  const listener = await listen(client, root.token);
  const [{ id } = { id: undefined }] = await listener.next(1);
  await listener.cancel();
  await say(client, "b");
  const back = await listen(client, root.token, "lines=0", id);
  expect(words(await back.next(1))).toEqual(["b"]);
  await back.cancel();
  await client.get(`/many/${mostLines + 1}`);
  const late = await listen(client, root.token, "", id);
  const [missed, next] = await late.next(2);
  expect([missed, next]).toMatchObject([
    { event: "missed", data: { lines: 2 } },
    { event: "line", data: { msg: "line 2" } },
  ]);
  await late.cancel();
  // Of another process: the numbers say nothing here.
  for (const stranger of ["0000-1", "nonsense", `${id}x`]) {
    const other = await listen(client, root.token, "lines=1", stranger);
    expect(words(await other.next(1))).toEqual([`line ${mostLines + 1}`]);
    await other.cancel();
  }
});

test("who may no longer look after plugins hears no more of them", async () => {
  const { client, root } = await start();
  await using _ = client;
  await say(client, "before");
  const listener = await listen(client, root.token);
  expect(words(await listener.next(1))).toEqual(["before"]);
  await client.app.run(() => inject(Roles).setPermissions(root.id, []));
  await say(client, "after");
  expect(await listener.next(1)).toEqual([]);
});

test("the stream ends when the app does", async () => {
  const { client, root } = await start();
  const listener = await listen(client, root.token, "lines=0");
  const end = listener.next(1);
  await client[Symbol.asyncDispose]();
  expect(await end).toEqual([]);
});

test("no more lines can be asked for than are kept, and a log of another making has none", async () => {
  const { client, root } = await start();
  await using _ = client;
  for (const lines of ["-1", "1001", "all"])
    expect((await root.ask("GET", `/api/v1/plugins/talker/logs?lines=${lines}`)).status).toBe(422);
  await using silenced = await accountsClient({}, [Talker]);
  const other = await somebody(silenced, "root", may);
  const answer = await other.ask("GET", "/api/v1/plugins/talker/logs");
  expect([answer.status, await answer.json()]).toMatchObject([
    409,
    { detail: "This app's log keeps no lines: it was not made by createLog()" },
  ]);
});
