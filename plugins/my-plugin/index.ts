import {
  addTagMetadata,
  Conflict,
  currentUser,
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
import { AuditService } from "nexus-platform/accounts";
import { AdminRoutes } from "./admin-routes.ts";
import { APIResponse, Failure, successOf } from "./api-response.ts";
import { CommentRoutes } from "./comment-routes.ts";
import { CommentService } from "./comment-service.ts";
import { DataRoutes } from "./data-routes.ts";
import { DataService } from "./data-service.ts";
import { EmailRoutes } from "./email-routes.ts";
import { EmailService } from "./email-service.ts";
import { UserNotFoundError } from "./errors.ts";
import { userCreated } from "./events.ts";
import { FileRoutes } from "./file-routes.ts";
import { FileService } from "./file-service.ts";
import { FormerUsers } from "./former-users.ts";
import { migrations } from "./migrations.ts";
import {
  CreateUser,
  Message,
  UpdateUser,
  User,
  UserDetails,
  UserPage,
  userQuery,
} from "./schemas.ts";
import { SearchService } from "./search-service.ts";
import { checkUserAccess } from "./user-access.ts";
import { UserRoutes } from "./user-routes.ts";
import { everybody, UserService } from "./user-service.ts";

export default class MyPlugin extends Plugin {
  static prefix = "/my-plugin";
  static services = [
    UserService,
    FormerUsers,
    CommentService,
    SearchService,
    EmailService,
    FileService,
    DataService,
  ];
  static migrations = migrations;

  users = inject(UserService);
  audit = inject(AuditService);

  start(): void {
    addTagMetadata({
      name: "My Plugin",
      description: "Custom plugin providing user management functionality",
      externalDocs: {
        description: "Plugin Documentation",
        url: "https://docs.example.com/my-plugin",
      },
    });
    addTagMetadata({
      name: "Users",
      description:
        "Who may use the platform. To whoever has not signed in, those who have roles, permissions or API keys are not there.",
    });
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

  // The routes from here to getUserWithCustomError answer strangers. That is for trying them out, and
  // safe only because UserService shows them ordinary users: a real app says `permission` in each.

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

  /** Get current user's profile (requires authentication). */
  getProfile = get(
    "/profile",
    {
      use: { me: currentUser },
      response: z.object({
        user_id: z.string(),
        username: z.string(),
        profile: UserDetails.nullable(),
      }),
    },
    async ({ me }) => ({
      user_id: me.id,
      username: me.username,
      profile: (await this.users.get(me.id, everybody)) ?? null,
    }),
  );

  /** Get detailed user information, of oneself or of whom one manages. */
  getUserDetails = get(
    "/users/{user_id}/details",
    {
      use: { checkUserAccess },
      response: UserDetails,
      responses: { 404: NotFound },
      tags: ["Users"],
    },
    async ({ user_id }) => {
      const user = await this.users.get(user_id, everybody);
      if (!user) throw new HTTPException(404, "User not found");
      return user;
    },
  );

  /** List all users (requires admin permission). */
  adminListUsers = get(
    "/admin/users",
    { permission: "admin:users", query: userQuery, response: UserPage, tags: ["Users"] },
    ({ page, per_page, search, active }) =>
      this.users.list({ page, per_page, search, active }, everybody),
  );

  /** Activate a user (requires administrator role). */
  activateUser = post(
    "/admin/users/{user_id}/activate",
    { role: "administrator", response: Message, responses: { 404: NotFound }, tags: ["Users"] },
    async ({ user_id }) => {
      if (!(await this.users.get(user_id, everybody)))
        throw new HTTPException(404, "User not found");
      await this.users.activate(user_id, everybody);
      await this.audit.log({ action: "activate_user", target: `user:${user_id}` });
      return { message: `User ${user_id} activated successfully` };
    },
  );

  adminRoutes = mount("", AdminRoutes, { role: "administrator" });

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

  // Routes in classes of their own: a plugin grows by them, and each says what it needs.
  emails = mount("", EmailRoutes, { tags: ["Users"] });
  files = mount("", FileRoutes, { tags: ["Files"] });
  data = mount("", DataRoutes, { tags: ["Data"] });
  comments = mount("", CommentRoutes);

  // The same routes as above, once more.
  userRoutes = mount("/organised", UserRoutes, { tags: ["Users"] });

  welcome = on(userCreated, { priority: 10 }, ({ data }) => {
    this.log.info({ user_id: data.user_id }, "Welcome to a new user");
  });
}
