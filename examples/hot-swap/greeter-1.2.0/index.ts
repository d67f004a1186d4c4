import { get, inject, Plugin, post } from "nexus-platform";
import { Database, type Migrations } from "nexus-platform/database";
import { media, StreamingResponse } from "nexus-platform/http";
import { setTimeout as sleep } from "node:timers/promises";

interface Tables {
  greetings: { name: string; at: Date | null };
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
    // Whoever still runs 1.0.0 writes rows without it.
    "0002_at": {
      expand: (db) => db.schema.alterTable("greetings").addColumn("at", "timestamptz").execute(),
    },
  };

  db = inject(Database<Tables>);

  start() {
    throw new Error("The book of greetings cannot be opened");
  }

  /** Say hello. */
  hello = get("/", () => ({ version: this.version, greeting: "Good day" }));

  /** List who was greeted, and when. */
  greeted = get("/greeted", () => this.db.selectFrom("greetings").selectAll().execute());

  /** Greet somebody. */
  greet = post("/{name}", { status: 201 }, async ({ name }) => {
    await this.db.insertInto("greetings").values({ name, at: new Date() }).execute();
    return { version: this.version, greeting: `Good day, ${name}` };
  });

  /** Say hello for a while: ten lines, one a second. */
  long = get("/long", { response: media("text/plain") }, () => {
    return new StreamingResponse(this.#lines(), { mediaType: "text/plain" });
  });

  async *#lines() {
    for (let line = 1; line <= 10; line++) {
      if (line > 1) await sleep(1000);
      yield `${line} of 10: good day from ${this.version}\n`;
    }
  }
}
