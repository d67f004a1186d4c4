import { inject, Service } from "nexus-platform";
import { Database, sql } from "nexus-platform/database";
import { contains, fold } from "./matching.ts";
import { escapeHtml } from "./sanitize.ts";
import type { Comment } from "./schemas.ts";

interface CommentRow extends Comment {
  content_key: string;
}

const shown = [
  "comment_id",
  "content",
  "author_id",
  "created_at",
] as const satisfies (keyof Comment)[];

/** How much of a comment is searched: a search takes time in proportion to it, and blocks the database. */
const searched = 1000;

export class CommentService extends Service {
  #db = inject(Database<{ my_plugin_comments: CommentRow }>);

  /** @param content sanitised */
  async create({ content, author_id }: { content: string; author_id: string }): Promise<Comment> {
    return this.#db
      .insertInto("my_plugin_comments")
      .values({
        comment_id: crypto.randomUUID(),
        author_id,
        content,
        content_key: fold(content.slice(0, searched)),
        created_at: new Date(),
      })
      .returning(shown)
      .executeTakeFirstOrThrow();
  }

  /** How many there are. */
  async count(): Promise<number> {
    const { count } = await this.#db
      .selectFrom("my_plugin_comments")
      .select(({ fn }) => fn.countAll<number>().as("count"))
      .executeTakeFirstOrThrow();
    return count;
  }

  /** Tells the database how its tables are filled, by which it plans its queries. */
  async analyze(): Promise<void> {
    await sql`analyze my_plugin_comments`.execute(this.#db);
  }

  /** The newest comments that contain a term. */
  async search(term: string, limit: number): Promise<Comment[]> {
    return this.#db
      .selectFrom("my_plugin_comments")
      .select(shown)
      .where(contains("content_key", escapeHtml(term)))
      .orderBy("created_at", "desc")
      .orderBy("comment_id")
      .limit(limit)
      .execute();
  }
}
