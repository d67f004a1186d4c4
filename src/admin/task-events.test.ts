import { expect, test } from "vitest";
import { accountsClient } from "../../test/accounts-client.ts";
import { somebody } from "../../test/admin-client.ts";
import { until } from "../../test/nexus-process.ts";
import { comes, make, Works } from "../../test/works.ts";
import { Roles } from "../accounts/index.ts";
import { inject } from "../services.ts";

const may = { permissions: ["admin:tasks"] };

interface Heard {
  readonly id: string;
  readonly event: string;
  readonly data: { readonly progress: number; readonly status: string; readonly result: unknown };
}

/** What a stream of events has told. */
function heardIn(text: string): Heard[] {
  return text
    .split("\n\n")
    .map((block) =>
      Object.fromEntries(block.split("\n").map((line) => line.split(/: (.*)/s).slice(0, 2))),
    )
    .filter(({ event }) => event !== undefined)
    .map(({ id, event, data }) => ({ id, event, data: JSON.parse(data) }));
}

test("a task is followed to its end", async () => {
  await using client = await accountsClient({}, [Works]);
  const { ask } = await somebody(client, "root", may);
  const id = await make(client, "count");
  const answer = await ask("GET", `/api/v1/tasks/${id}/events`);
  expect([answer.status, answer.headers.get("content-type")]).toEqual([
    200,
    expect.stringMatching(/^text\/event-stream/),
  ]);
  const heard = heardIn(await answer.text());
  expect(heard.slice(0, -1).every(({ event }) => event === "progress")).toBe(true);
  expect(heard.at(-1)).toMatchObject({
    event: "completed",
    data: { id, status: "completed", progress: 1, result: { hello: "Ann" } },
  });
  const progress = heard.map(({ data }) => data.progress);
  expect(progress).toEqual(progress.toSorted((a, b) => a - b));
  expect(new Set(heard.map(({ id }) => id)).size).toBe(heard.length);
});

test("who comes back is not told again, and after the last event not asked to come back", async () => {
  await using client = await accountsClient({}, [Works]);
  const { ask, token } = await somebody(client, "root", may);
  const id = await make(client, "wait");
  await until(async () => (await comes(client, id, "running")).message === "Waiting");
  const follow = async (seen = "", task = id) => {
    const headers = { authorization: `Bearer ${token}`, "last-event-id": seen };
    const url = `http://test/api/v1/tasks/${task}/events`;
    const { status, body } = await client.app.fetch(new Request(url, { headers }));
    return { status, reader: body?.pipeThrough(new TextDecoderStream()).getReader() };
  };
  const { reader: first } = await follow();
  const [event] = heardIn((await first!.read()).value!);
  expect(event).toMatchObject({ event: "progress", data: { message: "Waiting" } });
  await first!.cancel();

  const { reader: second } = await follow(event!.id);
  const next = second!.read();
  await ask("DELETE", `/api/v1/tasks/${id}`);
  const [last] = heardIn((await next).value!);
  expect(last).toMatchObject({ event: "cancelled", data: { status: "cancelled" } });
  expect((await second!.read()).done).toBe(true);

  expect(await follow(last!.id)).toMatchObject({ status: 204 });
  const { reader: third } = await follow("something else");
  expect(heardIn((await third!.read()).value!)).toEqual([last]);
  await third!.cancel();
  expect(await follow("", "nope")).toMatchObject({ status: 404 });
});

test("who may no longer see tasks hears no more of them", async () => {
  await using client = await accountsClient({}, [Works]);
  const root = await somebody(client, "root", may);
  const id = await make(client, "wait");
  await comes(client, id, "running");
  const headers = { authorization: `Bearer ${root.token}` };
  const url = `http://test/api/v1/tasks/${id}/events`;
  const { body } = await client.app.fetch(new Request(url, { headers }));
  const reader = body!.pipeThrough(new TextDecoderStream()).getReader();
  expect(heardIn((await reader.read()).value!)).toMatchObject([{ event: "progress" }]);
  await client.app.run(() => inject(Roles).setPermissions(root.id, []));
  const other = await somebody(client, "other", may);
  expect((await other.ask("DELETE", `/api/v1/tasks/${id}`)).status).toBe(200);
  let rest = "";
  for (let step = await reader.read(); !step.done; step = await reader.read()) rest += step.value;
  expect(heardIn(rest).filter(({ event }) => event !== "progress")).toEqual([]);
});
