import { createApp, get, Plugin } from "nexus-platform";
import { expect, test } from "vitest";
import { z } from "zod";
import { silent } from "../src/log.ts";
import { useBrowser } from "./chromium.ts";

class Greeter extends Plugin {
  /** Greets somebody. */
  greet = get("/greet/{name}", { query: { times: z.int().default(1) } }, ({ name, times }) => ({
    message: `Hello ${name}! `.repeat(times).trim(),
  }));
}

const held = useBrowser();

test("the documentation page shows the routes, tries one, and asks nobody outside", async ({
  skip,
}) => {
  const { browser } = held;
  if (!browser) return skip();
  await using app = await createApp({ plugins: [Greeter], env: {}, log: silent });
  const { url } = await app.listen({ port: 0 });
  const page = await browser.newPage();
  const problems: string[] = [];
  const asked: string[] = [];
  page.on(
    "console",
    (message) => void (message.type() === "error" && problems.push(message.text())),
  );
  page.on("pageerror", (error) => void problems.push(error.message));
  page.on("request", (request) => void asked.push(request.url()));

  await page.goto(`${url}/docs`);
  await page.getByText("Greets somebody").click();
  await page.getByRole("button", { name: "Try it out" }).click();
  await page.getByPlaceholder("name").fill("you");
  await page.getByRole("button", { name: "Execute" }).click();
  await page.getByText('"message": "Hello you!"').first().waitFor();

  expect(problems).toEqual([]);
  expect(
    asked.filter((address) => !address.startsWith(url) && !address.startsWith("data:")),
  ).toEqual([]);
  await page.close();
}, 60_000);
