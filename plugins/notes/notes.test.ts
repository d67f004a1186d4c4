import { createLog } from "nexus-platform/log";
import { TestClient } from "nexus-platform/testing";
import { expect, test } from "vitest";
import { z } from "zod";
import MyPlugin from "../my-plugin/index.ts";
import Notes from "./index.ts";

const Note = z.object({ id: z.int(), text: z.string(), created_at: z.iso.datetime() });

const Parameter = z.object({ name: z.string(), in: z.string() });
const Documented = z.object({
  paths: z.record(
    z.string(),
    z.record(z.string(), z.object({ parameters: z.array(Parameter).optional() })),
  ),
});

async function texts(client: TestClient): Promise<string[]> {
  const notes = await (await client.get("/notes")).json(z.array(Note));
  return notes.map(({ text }) => text);
}

test("notes are left, listed with the newest first, and taken away", async () => {
  await using client = await TestClient.of(Notes);
  const first = await client.post("/notes", { json: { text: "First" } });
  expect(first.status).toBe(201);
  const { id } = await first.json(Note);
  await client.post("/notes", { json: { text: "Second" } });
  expect(await texts(client)).toEqual(["Second", "First"]);
  expect((await client.delete(`/notes/${id}`)).status).toBe(204);
  expect((await client.delete(`/notes/${id}`)).status).toBe(404);
  expect((await client.delete("/notes/first")).status).toBe(422);
  expect(await texts(client)).toEqual(["Second"]);
});

test("a note has 1 to 1000 characters", async () => {
  await using client = await TestClient.of(Notes);
  for (const text of ["", "😀".repeat(1001), 1, null])
    expect((await client.post("/notes", { json: { text } })).status).toBe(422);
  expect((await client.post("/notes", { json: { text: "😀".repeat(1000) } })).status).toBe(201);
});

test("only the newest notes are kept, as many as the settings say", async () => {
  await using client = await TestClient.of(Notes, { config: { notes: { keep: 2 } } });
  for (const text of ["1", "2", "3"]) await client.post("/notes", { json: { text } });
  expect(await texts(client)).toEqual(["3", "2"]);
});

test("where there is a key, whoever changes notes needs it, and nobody is shown it", async () => {
  const lines: string[] = [];
  const log = createLog({
    level: "trace",
    destination: { write: (line) => lines.push(line) },
  });
  const env = { NEXUS_NOTES__KEY: "open-sesame" };
  await using client = await TestClient.of(Notes, { env, log });
  const leave = (headers: Record<string, string>) =>
    client.post("/notes", { json: { text: "Hello" }, headers });
  for (const headers of [{}, { "x-notes-key": "" }, { "x-notes-key": "open" }]) {
    const refused = await leave(headers);
    expect(refused.status).toBe(403);
    lines.push(await refused.text());
  }
  expect((await leave({ "x-notes-key": "open-sesame" })).status).toBe(201);
  expect(await texts(client)).toEqual(["Hello"]);
  expect(lines.filter((line) => line.includes("sesame"))).toEqual([]);
});

test("the documentation shows where the key goes, and only where it is needed", async () => {
  await using client = await TestClient.of(Notes);
  const { paths } = await (await client.get("/openapi.json")).json(Documented);
  const headers = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([verb, { parameters = [] }]) => [
      `${verb} ${path}`,
      parameters.flatMap((one) => (one.in === "header" ? one.name : [])),
    ]),
  );
  expect(Object.fromEntries(headers)).toEqual({
    "get /notes": [],
    "post /notes": ["x-notes-key"],
    "delete /notes/{id}": ["x-notes-key"],
  });
});

test("of every answer a newer one is asked for, errors included", async () => {
  await using client = await TestClient.of(Notes);
  for (const answer of [await client.get("/notes"), await client.delete("/notes/7")])
    expect(answer.headers.get("cache-control")).toBe("no-cache");
});

test("a user of another plugin is greeted, by the name of the event alone", async () => {
  await using client = await TestClient.of([MyPlugin, Notes], { accounts: true });
  const json = { username: "alice", email: "a@x.y", password: "Correct-Horse-1" };
  await client.post("/my-plugin/users", { json });
  expect(await texts(client)).toEqual(["Welcome, alice!"]);
});
