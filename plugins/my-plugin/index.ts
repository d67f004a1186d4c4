import {
  addTagMetadata,
  Conflict,
  del,
  get,
  getRequestContext,
  HTTPException,
  inject,
  JSONResponse,
  mount,
  NotFound,
  on,
  Plugin,
  post,
  put,
  setRequestContext,
} from "nexus-platform";
import { z } from "zod";
import { APIResponse, Failure, successOf } from "./api-response.ts";
import { CommentService } from "./comment-service.ts";
import { UserNotFoundError } from "./errors.ts";
import { userCreated } from "./events.ts";
import { migrations } from "./migrations.ts";
import { sanitize } from "./sanitize.ts";
import {
  Comment,
  CreateComment,
  CreateUser,
  SearchResult,
  UpdateUser,
  User,
  UserPage,
  userQuery,
} from "./schemas.ts";
import { SearchService } from "./search-service.ts";
import { UserRoutes } from "./user-routes.ts";
import { UserService } from "./user-service.ts";

export default class MyPlugin extends Plugin {
  static prefix = "/my-plugin";
  static services = [UserService, CommentService, SearchService];
  static migrations = migrations;

  users = inject(UserService);
  comments = inject(CommentService);
  searching = inject(SearchService);

  start(): void {
    addTagMetadata({
      name: "My Plugin",
      description: "Custom plugin providing user management functionality",
      externalDocs: {
        description: "Plugin Documentation",
        url: "https://docs.example.com/my-plugin",
      },
    });
    addTagMetadata({ name: "Users", description: "Who may use the platform" });
  }

  /** Simple hello world endpoint. */
  helloWorld = get("/hello", () => ({ message: "Hello from my plugin!" }));

  /** Get plugin status. */
  getStatus = get("/status", () => ({
    plugin: this.name,
    version: this.version,
    status: "running",
    uptime: this.uptime(),
  }));

  /** Get user by ID. */
  getUser = get(
    "/users/{user_id}",
    { response: User, responses: { 404: NotFound }, tags: ["Users"] },
    async ({ user_id }) => {
      const user = await this.users.get(user_id);
      if (!user) throw new HTTPException(404, "User not found");
      return user;
    },
  );

  /** Delete user by ID. */
  deleteUser = del(
    "/users/{user_id}",
    { responses: { 404: NotFound }, tags: ["Users"] },
    async ({ user_id }) => {
      if (!(await this.users.delete(user_id))) throw new HTTPException(404, "User not found");
      return { message: `User ${user_id} deleted successfully` };
    },
  );

  /**
   * List users with pagination.
   *
   * This endpoint returns a paginated list of users. You can control
   * the pagination using the `page` and `per_page` parameters.
   *
   * - **page**: The page number to retrieve (starts from 1)
   * - **per_page**: Number of items per page (1-100)
   *
   * Returns:
   * - List of users
   * - Pagination metadata
   */
  listUsers = get(
    "/users",
    { query: userQuery, response: UserPage, tags: ["My Plugin", "Users"] },
    ({ page, per_page, search, active }) => this.users.list({ page, per_page, search, active }),
  );

  /** Create a new user. */
  createUser = post(
    "/users",
    {
      body: CreateUser,
      response: User,
      status: 201,
      responses: { 409: Conflict },
      tags: ["Users"],
    },
    ({ body }) => this.users.create(body),
  );

  /** Update an existing user. */
  updateUser = put(
    "/users/{user_id}",
    {
      body: UpdateUser,
      response: User,
      responses: { 404: NotFound, 409: Conflict },
      tags: ["Users"],
    },
    async ({ user_id, body }) => {
      const user = await this.users.update(user_id, body);
      if (!user) throw new HTTPException(404, "User not found");
      return user;
    },
  );

  /** Get user with standardized response format. */
  getUserStandardized = get(
    "/users/{user_id}/standardized",
    { response: successOf(User), responses: { 404: Failure }, tags: ["Users"] },
    async ({ user_id }) => {
      const user = await this.users.get(user_id);
      if (!user) {
        return new JSONResponse(APIResponse.error("User not found", "USER_NOT_FOUND"), {
          status: 404,
        });
      }
      return APIResponse.success(user, "User retrieved successfully");
    },
  );

  /** Activate user with appropriate status codes. */
  activateUserWithStatus = post(
    "/users/{user_id}/activate",
    {
      response: successOf(z.null()),
      responses: { 404: Failure, 409: Failure },
      tags: ["Users"],
    },
    async ({ user_id }) => {
      if (!(await this.users.get(user_id)))
        return new JSONResponse(APIResponse.error("User not found"), { status: 404 });
      if (!(await this.users.activate(user_id)))
        return new JSONResponse(APIResponse.error("User is already active"), { status: 409 });
      return APIResponse.success(null, "User activated successfully");
    },
  );

  /** Get user with custom error handling. */
  getUserWithCustomError = get(
    "/users/{user_id}/or-error",
    { response: User, responses: { 404: UserNotFoundError }, tags: ["Users"] },
    async ({ user_id }) => {
      const user = await this.users.get(user_id);
      if (!user) throw new UserNotFoundError(user_id);
      return user;
    },
  );

  /** Example using request context. */
  contextExample = get("/context-example", ({ request }) => {
    setRequestContext("plugin_name", this.name);
    setRequestContext("request_id", crypto.randomUUID());
    // Any code that this leads to, at any depth, can read it.
    const context = getRequestContext();
    return {
      message: "Context example",
      context,
      headers: Object.fromEntries(request.headers),
    };
  });

  /** Create comment with input sanitization. */
  createComment = post(
    "/comments",
    { body: CreateComment, response: Comment, status: 201 },
    async ({ body }) => {
      const content = sanitize(body.content);
      if (!content) throw new HTTPException(400, "Content is required");
      return this.comments.create({ content, author_id: body.author_id });
    },
  );

  /** Search users and comments. */
  search = get(
    "/search",
    {
      query: { query: z.string().max(100) },
      response: z.object({ results: z.array(SearchResult) }),
    },
    async ({ query }) => ({ results: await this.searching.search(query) }),
  );

  // The same routes in a class of their own.
  userRoutes = mount("/organised", UserRoutes, { tags: ["Users"] });

  welcome = on(userCreated, { priority: 10 }, ({ data }) => {
    this.log.info({ user_id: data.user_id }, "Welcome to a new user");
  });
}
