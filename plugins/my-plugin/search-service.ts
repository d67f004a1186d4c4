import { inject, Service } from "nexus-platform";
import { CommentService } from "./comment-service.ts";
import type { SearchResult } from "./schemas.ts";
import { UserService } from "./user-service.ts";

const most = 20;

/** Finds users and comments by a part of their text. */
export class SearchService extends Service {
  #users = inject(UserService);
  #comments = inject(CommentService);

  /** At most 20 of each kind; of nothing but white space nothing. */
  async search(query: string): Promise<SearchResult[]> {
    const term = query.trim();
    if (!term) return [];
    const { users } = await this.#users.list({ page: 1, per_page: most, search: term });
    const comments = await this.#comments.search(term, most);
    return [
      ...users.map(({ user_id, username }) => ({
        type: "user" as const,
        id: user_id,
        text: username,
      })),
      ...comments.map(({ comment_id, content }) => ({
        type: "comment" as const,
        id: comment_id,
        text: content,
      })),
    ];
  }
}
