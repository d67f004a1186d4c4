import { get, HTTPException, inject, post, Routes } from "nexus-platform";
import { z } from "zod";
import { CommentService } from "./comment-service.ts";
import { sanitize } from "./sanitize.ts";
import { Comment, CreateComment, SearchResult } from "./schemas.ts";
import { SearchService } from "./search-service.ts";

/** Comments, and the search that finds them. */
export class CommentRoutes extends Routes {
  comments = inject(CommentService);
  searching = inject(SearchService);

  /** Create comment with input sanitization. */
  create = post(
    "/comments",
    { body: CreateComment, response: Comment, status: 201 },
    async ({ body }) => {
      const content = sanitize(body.content);
      if (!content) throw new HTTPException(400, "Content is required");
      return this.comments.create({ content, author_id: body.author_id });
    },
  );

  /** Search users and comments, ten times a minute. */
  search = get(
    "/search",
    {
      rateLimit: { requests: 10, window: 60 },
      query: { query: z.string().max(100) },
      response: z.object({ results: z.array(SearchResult) }),
    },
    async ({ query }) => ({ results: await this.searching.search(query) }),
  );
}
