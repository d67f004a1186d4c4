import { createApp, get, Plugin, post } from "nexus-platform";
import { file, files, Response } from "nexus-platform/http";
import { expect, test } from "vitest";
import { z } from "zod";
import { silent } from "../src/log.ts";
import { useBrowser } from "./chromium.ts";

const form = `<form method="post" enctype="multipart/form-data">
  <input type="hidden" name="_charset_"><input name="title">
  <input type="file" name="picture"><input type="file" name="more" multiple>
  <button>Send</button></form>`;

class Gallery extends Plugin {
  show = get(
    "/",
    { hidden: true },
    () => new Response(form, { headers: { "Content-Type": "text/html; charset=utf-8" } }),
  );
  /** Adds a picture. */
  add = post(
    "/",
    { form: { title: z.string(), picture: file(), more: files({ min: 0 }) } },
    async ({ title, picture, more }) => ({
      title,
      files: [picture, ...more].map(({ filename, contentType, size }) =>
        [filename, contentType, size].join(" "),
      ),
    }),
  );
}

const held = useBrowser();

const picture = { name: 'nä"me.png', mimeType: "image/png", buffer: Buffer.alloc(300_000) };
const note = { name: "note.txt", mimeType: "text/plain", buffer: Buffer.from("a") };

test("a form in a browser sends its files, and none for an input left empty", async ({ skip }) => {
  const { browser } = held;
  if (!browser) return skip();
  await using app = await createApp({ plugins: [Gallery], env: {}, log: silent });
  const { url } = await app.listen({ port: 0 });
  const page = await browser.newPage();
  const send = async (): Promise<unknown> => {
    await page.getByRole("button", { name: "Send" }).click();
    return JSON.parse(await page.locator("body").innerText());
  };
  await page.goto(url);
  await page.locator("[name=title]").fill("Ä ☃");
  expect(await send()).toMatchObject({
    errors: [{ loc: ["body", "picture"], type: "missing" }],
  });
  await page.goto(url);
  await page.locator("[name=title]").fill("Ä ☃");
  await page.locator("[name=picture]").setInputFiles(picture);
  await page.locator("[name=more]").setInputFiles([note, note]);
  expect(await send()).toEqual({
    title: "Ä ☃",
    // So browsers write a quote.
    files: ["nä%22me.png image/png 300000", "note.txt text/plain 1", "note.txt text/plain 1"],
  });
  await page.close();
}, 60_000);

test("the documentation page uploads a file", async ({ skip }) => {
  const { browser } = held;
  if (!browser) return skip();
  await using app = await createApp({ plugins: [Gallery], env: {}, log: silent });
  const { url } = await app.listen({ port: 0 });
  const page = await browser.newPage();
  await page.goto(`${url}/docs`);
  await page.getByText("Adds a picture").click();
  await page.getByRole("button", { name: "Try it out" }).click();
  await page.locator('tr[data-property-name="title"] input').fill("From the page");
  await page.locator('tr[data-property-name="picture"] input[type=file]').setInputFiles(picture);
  await page.getByRole("button", { name: "Add string item" }).click();
  await page.locator('tr[data-property-name="more"] input[type=file]').setInputFiles(note);
  await page.getByRole("button", { name: "Execute" }).click();
  await page.getByText("me.png image/png 300000").first().waitFor();
  await page.getByText("note.txt text/plain 1").first().waitFor();
  await page.close();
}, 60_000);
