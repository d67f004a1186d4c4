import { inject, Service } from "nexus-platform";
import {
  Database,
  type Generated,
  type Migrations,
  type Selectable,
} from "nexus-platform/database";

interface NoteTable {
  id: Generated<number>;
  text: string;
  created_at: Date;
}
export type Note = Selectable<NoteTable>;

export const migrations: Migrations = {
  "0001_notes": {
    expand: (db) =>
      db.schema
        .createTable("notes")
        .addColumn("id", "serial", (column) => column.primaryKey())
        .addColumn("text", "text", (column) => column.notNull())
        .addColumn("created_at", "timestamptz", (column) => column.notNull())
        .execute(),
  },
};

export class NotesService extends Service {
  /** Whoever changes notes over HTTP must send it. */
  key: string | undefined;

  #db = inject(Database<{ notes: NoteTable }>);

  /** The newest first. */
  async list(): Promise<Note[]> {
    return this.#db.selectFrom("notes").selectAll().orderBy("id", "desc").execute();
  }

  /** @param keep so many of the newest notes stay */
  async add(text: string, keep: number): Promise<Note> {
    const note = await this.#db
      .insertInto("notes")
      .values({ text, created_at: new Date() })
      .returningAll()
      .executeTakeFirstOrThrow();
    await this.#db
      .deleteFrom("notes")
      .where("id", "not in", (notes) =>
        notes.selectFrom("notes").select("id").orderBy("id", "desc").limit(keep),
      )
      .execute();
    return note;
  }

  /** @returns whether there was such a note */
  async remove(id: number): Promise<boolean> {
    const { numDeletedRows } = await this.#db
      .deleteFrom("notes")
      .where("id", "=", id)
      .executeTakeFirst();
    return numDeletedRows > 0n;
  }
}
