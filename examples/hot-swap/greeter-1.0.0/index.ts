import { get, inject, Plugin, post } from "nexus-platform";
import { Database, type Migrations } from "nexus-platform/database";
import { media, StreamingResponse } from "nexus-platform/http";
import { setTimeout as sleep } from "node:timers/promises";

interface Tables {
  greetings: { name: string };
}

export default class Greeter extends Plugin {
  static prefix = "/greeter";
  static migrations: Migrations = {
    "0001_greetings": {
      expand: (db) =>
        db.schema
          .createTable("greetings")
          .addColumn("name", "text", (column) => column.notNull())
          .execute(),
    },
  };

  db = inject(Database<Tables>);

  /** Say hello. */
  hello = get("/", () => ({ version: this.version, greeting: "Hello" }));

  /** Greet somebody. */
  greet = post("/{name}", { status: 201 }, async ({ name }) => {
    await this.db.insertInto("greetings").values({ name }).execute();
    return { version: this.version, greeting: `Hello, ${name}` };
  });

  /** Say hello for a while: ten lines, one a second. */
  long = get("/long", { response: media("text/plain") }, () => {
    return new StreamingResponse(this.#lines(), { mediaType: "text/plain" });
  });

  async *#lines() {
    for (let line = 1; line <= 10; line++) {
      if (line > 1) await sleep(1000);
      yield `${line} of 10: hello from ${this.version}\n`;
    }
  }
}
