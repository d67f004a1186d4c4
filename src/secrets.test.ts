import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { accountsClient, bearer, signedIn } from "../test/accounts-client.ts";
import { loadSecrets } from "./secrets.ts";

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "nexus-secret-"));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

test("the first start makes a secret that only its owner can read, and later ones find it", async () => {
  const dataDir = join(await folder(), "data");
  const made = await loadSecrets({ secret: undefined, dataDir });
  expect(made).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)]);
  expect((await stat(join(dataDir, "secret"))).mode & 0o777).toBe(0o600);
  expect(await loadSecrets({ secret: undefined, dataDir })).toEqual(made);
  expect(await readdir(dataDir)).toEqual(["secret"]);
});

test("many that start at once agree on one secret", async () => {
  const dataDir = await folder();
  const found = await Promise.all(
    Array.from({ length: 20 }, () => loadSecrets({ secret: undefined, dataDir })),
  );
  expect(new Set(found.flat()).size).toBe(1);
  expect(await readdir(dataDir)).toEqual(["secret"]);
});

test("a secret that is no good is not overwritten, and the error says what to do", async () => {
  const dataDir = await folder();
  const file = join(dataDir, "secret");
  await writeFile(file, "short\n");
  await chmod(file, 0o600);
  await expect(loadSecrets({ secret: undefined, dataDir })).rejects.toMatchObject({
    code: "NX_SECRET",
    message: expect.stringContaining("remove it"),
  });
  expect(await readFile(file, "utf8")).toBe("short\n");
});

test("the secrets of the environment come first, several with commas, and each is long enough", async () => {
  const dataDir = await folder();
  const [a, b] = ["a".repeat(32), "b".repeat(40)] as const;
  expect(await loadSecrets({ secret: a, dataDir })).toEqual([a]);
  expect(await loadSecrets({ secret: `${b}, ${a},`, dataDir })).toEqual([b, a]);
  expect(await readdir(dataDir)).toEqual([]);
  const short = loadSecrets({ secret: `${a},too short`, dataDir });
  await expect(short).rejects.toThrow("Secret 2 of NEXUS_SECRET is shorter than 32 bytes");
  await expect(loadSecrets({ secret: ",".repeat(40), dataDir })).rejects.toMatchObject({
    code: "NX_SECRET",
  });
});

test("a token outlives a restart", async () => {
  const dataDir = await folder();
  const settings = { dataDir, databaseUrl: `sqlite:${join(dataDir, "nexus.db")}` };
  let token = "";
  {
    await using client = await accountsClient({ settings });
    token = (await signedIn(client, "alice")).access_token;
  }
  await using client = await accountsClient({ settings });
  expect((await client.get("/auth/me", bearer(token))).status).toBe(200);
});
