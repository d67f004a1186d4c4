import { createApp } from "nexus-platform";
import { Accounts, Roles } from "nexus-platform/accounts";
import { inject } from "nexus-platform/services";
import { expect, test } from "vitest";
import { silent } from "../src/log.ts";
import { useBrowser } from "./chromium.ts";
import { Works } from "./works.ts";

const held = useBrowser();

interface Heard {
  readonly events: string[];
  readonly closed: number;
}

test("a page follows a task by its user's cookie, and stops asking when the task is over", async ({
  skip,
}) => {
  const { browser } = held;
  if (!browser) return skip();
  await using app = await createApp({
    plugins: [Works],
    accounts: true,
    env: { DATABASE_URL: "sqlite::memory:", NEXUS_SECRET: "s".repeat(40) },
    log: silent,
  });
  const who = { username: "root", email: "root@example.com", password: "Correct horse 7" };
  await app.run(async () => {
    const { id } = await inject(Accounts).create(who);
    await inject(Roles).setPermissions(id, ["admin:tasks"]);
  });
  const { url } = await app.listen({ port: 0 });
  const page = await browser.newPage();
  const asked: string[] = [];
  page.on("request", (request) => void asked.push(request.url()));
  await page.goto(`${url}/docs`);
  const { username, password } = who;
  const heard = await page.evaluate(
    async ({ username, password }): Promise<Heard> => {
      await fetch("/auth/session", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ username, password }),
      });
      const made = await fetch("/make/count", { method: "POST" });
      const { id } = (await made.json()) as { id: string };
      const source = new EventSource(`/api/v1/tasks/${id}/events`);
      const events: string[] = [];
      for (const name of ["progress", "completed", "failed", "cancelled"])
        source.addEventListener(name, () => events.push(name));
      // Nobody closes it here: the browser asks again until it is told not to.
      while (source.readyState !== EventSource.CLOSED)
        await new Promise((resolve) => setTimeout(resolve, 20));
      return { events, closed: source.readyState };
    },
    { username, password },
  );
  expect(heard.closed).toBe(2);
  expect(heard.events.at(-1)).toBe("completed");
  expect(heard.events.filter((name) => name !== "progress")).toEqual(["completed"]);
  expect(asked.filter((address) => address.endsWith("/events"))).toHaveLength(2);
  await page.close();
}, 60_000);
