import type { Page } from "playwright-core";
import { TestClient } from "nexus-platform/testing";
import { expect, test } from "vitest";
import MyPlugin from "../plugins/my-plugin/index.ts";
import { useBrowser } from "./chromium.ts";

const held = useBrowser();

const env = { NEXUS_ADMIN_USER: "root", NEXUS_ADMIN_PASSWORD: "Correct-Horse-9" };

/** What a page does that it should not. */
function watch(page: Page, url: string) {
  const problems: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(message.text());
  });
  page.on("pageerror", (error) => void problems.push(error.message));
  page.on("request", (request) => {
    const address = request.url();
    if (!address.startsWith(url) && !address.startsWith("data:")) problems.push(`asked ${address}`);
  });
  return problems;
}

test("in the documentation one signs in with a password, asks what is protected, and signs out", async ({
  skip,
}) => {
  const { browser } = held;
  if (!browser) return skip();
  await using client = await TestClient.of(MyPlugin, { accounts: true, env });
  const { url } = await client.app.listen({ port: 0 });
  const page = await browser.newPage({ viewport: { width: 1200, height: 1600 } });
  const problems = watch(page, url);
  await page.goto(`${url}/docs`);

  const operation = page.locator(".opblock", { hasText: "/my-plugin/profile" });
  await operation.locator(".opblock-summary-control").click();
  await operation.getByRole("button", { name: "Try it out" }).click();
  const execute = async () => {
    const answered = page.waitForResponse(`${url}/my-plugin/profile`);
    await operation.getByRole("button", { name: "Execute" }).click();
    return (await answered).status();
  };
  const shown = operation.locator(".live-responses-table .response-col_status");
  const dialog = page.locator(".modal-ux");
  const oauth = dialog.locator(".auth-container", { hasText: "OAuth2PasswordBearer" });

  // Nobody yet.
  expect(await execute()).toBe(401);
  await shown.getByText("401").waitFor();

  await page.locator(".btn.authorize").click();
  await oauth.locator("#oauth_username").fill("root");
  await oauth.locator("#oauth_password").fill("Correct-Horse-9");
  const signedIn = page.waitForResponse(`${url}/auth/login`);
  await oauth.getByRole("button", { name: "Apply given OAuth2 credentials" }).click();
  const login = await signedIn;
  expect(login.status()).toBe(200);
  expect(login.request().headers()["authorization"]).toMatch(/^Basic /);
  await oauth.getByRole("button", { name: "Remove authorization" }).waitFor();
  await oauth.locator(".btn-done").click();
  expect(await execute()).toBe(200);
  await operation.getByText('"username": "root"').first().waitFor();

  await page.locator(".btn.authorize").click();
  await oauth.getByRole("button", { name: "Remove authorization" }).click();
  await oauth.locator(".btn-done").click();
  expect(await execute()).toBe(401);
  await shown.getByText("401").waitFor();

  // A browser says itself that something was refused.
  expect(problems.filter((problem) => !/status of 401/.test(problem))).toEqual([]);
  expect(problems).toHaveLength(2);
  await page.close();
}, 60_000);

test("in the documentation a wrong password is refused, and said to be wrong", async ({ skip }) => {
  const { browser } = held;
  if (!browser) return skip();
  await using client = await TestClient.of(MyPlugin, { accounts: true, env });
  const { url } = await client.app.listen({ port: 0 });
  const page = await browser.newPage();
  const problems = watch(page, url);
  await page.goto(`${url}/docs`);
  await page.locator(".btn.authorize").click();
  await page.locator("#oauth_username").fill("root");
  await page.locator("#oauth_password").fill("Wrong-Horse-9");
  await page.getByRole("button", { name: "Apply given OAuth2 credentials" }).click();
  const errors = page.locator(".auth-container .errors");
  await errors.waitFor();
  expect(await errors.innerText()).toContain("Unauthorized");
  expect(problems.filter((problem) => !/status of 401/.test(problem))).toEqual([]);
  await page.close();
}, 60_000);

test("in the documentation a user is created with the example of the page", async ({ skip }) => {
  const { browser } = held;
  if (!browser) return skip();
  await using client = await TestClient.of(MyPlugin, { accounts: true, env });
  const { url } = await client.app.listen({ port: 0 });
  const page = await browser.newPage();
  const problems = watch(page, url);
  await page.goto(`${url}/docs`);
  const operation = page.locator("#operations-Users-my-plugin_createUser");
  await operation.locator(".opblock-summary-control").click();
  await operation.getByRole("button", { name: "Try it out" }).click();
  const answered = page.waitForResponse(`${url}/my-plugin/users`);
  await operation.getByRole("button", { name: "Execute" }).click();
  expect((await answered).status()).toBe(201);
  await operation.getByText('"username": "alice"').first().waitFor();
  expect(problems).toEqual([]);
  await page.close();
}, 60_000);
