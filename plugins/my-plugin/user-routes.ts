import { Conflict, get, inject, NotFound, notFound, post, Routes } from "nexus-platform";
import { CreateUser, User, UserPage, userQuery } from "./schemas.ts";
import { UserService } from "./user-service.ts";

/**
 * User management routes: a class of its own, which a plugin mounts where it likes. Strangers may ask,
 * and meet ordinary users only; a real app says `permission` where it mounts them.
 */
export class UserRoutes extends Routes {
  users = inject(UserService);

  /** List users. */
  list = get("/users", { query: userQuery, response: UserPage }, (query) => this.users.list(query));

  /** Create a user. */
  create = post(
    "/users",
    { body: CreateUser, response: User, status: 201, responses: { 409: Conflict } },
    ({ body }) => this.users.create(body),
  );

  /** Get one user. */
  one = get(
    "/users/{user_id}",
    { response: User, responses: { 404: NotFound } },
    async ({ user_id }) => (await this.users.get(user_id)) ?? notFound("User not found"),
  );
}
