import { inject } from "nexus-platform";
import { Storage } from "nexus-platform/storage";
import type { TestClient, TestResponse } from "nexus-platform/testing";
import type { SignedIn } from "./test-user.ts";

export interface TestFile {
  readonly filename: string;
  readonly content: string | Uint8Array;
  readonly type?: string;
}

export const picture: TestFile = {
  filename: "tea.png",
  content: Uint8Array.from({ length: 20_000 }, (_, n) => (n * n) % 251),
  type: "image/png",
};

export function upload(client: TestClient, file: TestFile, me: SignedIn): Promise<TestResponse> {
  return client.post("/my-plugin/upload", { files: { file }, ...me });
}

export function uploadMultiple(
  client: TestClient,
  files: readonly TestFile[],
  me: SignedIn,
): Promise<TestResponse> {
  return client.post("/my-plugin/upload/multiple", { files: { files }, ...me });
}

/** Of all that is stored, in order. */
export function storedKeys(client: TestClient): Promise<string[]> {
  return client.app.run(async () => {
    const keys: string[] = [];
    for await (const { key } of inject(Storage).list()) keys.push(key);
    return keys;
  });
}
