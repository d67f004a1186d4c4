import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { TestClient } from "nexus-platform/testing";
import { expect, test } from "vitest";
import MyPlugin from "../plugins/my-plugin/index.ts";

// Bodies of nst/JSONTestSuite, each inside a comment; they lie beside the repository, if at all.
const file = resolve(import.meta.dirname, "../../shared/conformance/json-parsing.json");
const isThere = existsSync(file);
if (!isThere) console.log(`Skipped: the JSON corpus, as there is no ${file}`);

type Part = string | { readonly base64: string } | { readonly repeat: string; readonly n: number };

interface Case {
  readonly id: string;
  readonly group: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: readonly Part[];
  readonly expect: { readonly status: readonly number[] | keyof typeof statuses };
}

const statuses = { "{{malformed}}": [400], "{{created}}": [201] } as const;

test.skipIf(!isThere)(
  "each JSON text of the corpus is taken or refused as it should be",
  async () => {
    const cases = JSON.parse(readFileSync(file, "utf8")) as Case[];
    await using client = await TestClient.of(MyPlugin, { accounts: true, raiseErrors: false });
    const wrong: string[] = [];
    for (const { id, method, path, headers, body, expect } of cases) {
      const { status } = await client.request(method, path.replace("{{prefix}}", "/my-plugin"), {
        headers,
        body: Buffer.concat(body.map(bytesOf)),
      });
      const allowed: readonly number[] =
        typeof expect.status === "string" ? statuses[expect.status] : expect.status;
      if (status >= 500 || !allowed.includes(status))
        wrong.push(`${id}: ${status} instead of ${allowed.join(" or ")}`);
    }
    expect(cases.length).toBeGreaterThan(300);
    expect(wrong).toEqual([]);
  },
);

function bytesOf(part: Part): Buffer {
  if (typeof part === "string") return Buffer.from(part);
  if ("base64" in part) return Buffer.from(part.base64, "base64");
  return Buffer.from(part.repeat.repeat(part.n));
}
