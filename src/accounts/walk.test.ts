import { expect, test } from "vitest";
import { inject } from "../services.ts";
import { TestClient } from "../testing/index.ts";
import { Accounts } from "./index.ts";

test("a walk meets each account once, the oldest first, though some are deleted meanwhile", async () => {
  await using client = await TestClient.of([], { accounts: true });
  await client.app.run(async () => {
    const accounts = inject(Accounts);
    const ids: string[] = [];
    const now = Date.now();
    for (let n = 0; n < 1200; n++) {
      const id = crypto.randomUUID();
      // Three of each moment: the order is that of their ids then.
      const created_at = new Date(now + Math.floor(n / 3));
      const names = { username: `user-${n}`, email: `${n}@example.com`, full_name: null };
      const rest = { password_hash: "none", active: n % 2 === 0, tags: [], created_at };
      await accounts.adopt({ id, ...names, ...rest, updated_at: created_at });
      ids.push(id);
    }
    const seen: string[] = [];
    const gone = new Set<string>();
    for await (const { id } of accounts.walk()) {
      seen.push(id);
      // Of those that were met, and of those that were not.
      if (seen.length % 200 === 0)
        for (const victim of [ids[seen.length - 5]!, ids[1190 + gone.size]])
          if (victim !== undefined && (await accounts.delete(victim))) gone.add(victim);
    }
    expect(gone.size).toBeGreaterThan(5);
    expect(new Set(seen).size).toBe(seen.length);
    expect(ids.filter((id) => !gone.has(id) && !seen.includes(id))).toEqual([]);
    const times: number[] = [];
    for await (const { created_at } of accounts.walk({ active: true }))
      times.push(created_at.getTime());
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times.length).toBe(await accounts.count({ active: true }));
  });
});
