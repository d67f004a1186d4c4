import { get, Plugin, post, StreamingResponse } from "nexus-platform";
import { file } from "nexus-platform/http";
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

/** Answers that take their time, and bodies that are large. */
export default class Flow extends Plugin {
  static override readonly prefix = "/flow";

  rows = get("/rows/{n:int}", ({ n }) => new StreamingResponse(rows(n)));

  add = post("/files", { form: { data: file({ maxSize: "1MB" }) } }, async ({ data }) => {
    const hash = createHash("sha256");
    for await (const piece of data.stream()) hash.update(piece);
    return { size: data.size, sha256: hash.digest("hex") };
  });
}

async function* rows(n: number) {
  for (let row = 0; row < 20; row++) {
    yield `${n} ${row} ${"x".repeat(500)}\n`;
    if (row % 5 === 4) await sleep(3);
  }
}
