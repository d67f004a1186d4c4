import {
  defineMiddleware,
  getValidatedQuery,
  getValidatedRouterParams,
  H3,
  HTTPError,
  readValidatedBody,
  serve,
} from "h3";
import { createUser, findUser, hello, listUsers, verifyBearer } from "./domain.ts";
import { host, port } from "./harness.ts";
import { NewUser, Path, Query, User } from "./schemas.ts";

/** h3 2, which stands on srvx. */

const signedIn = defineMiddleware((event, next) => {
  const claims = verifyBearer(event.req.headers.get("authorization"));
  if (!claims) throw new HTTPError({ status: 401, message: "Not authenticated" });
  event.context["claims"] = claims;
  return next();
});

const app = new H3()
  .get("/hello", () => ({ message: hello }))
  .get("/my-plugin/users", async (event) => {
    const { page, per_page, active } = await getValidatedQuery(event, Query);
    return listUsers(page, per_page, active);
  })
  .post("/my-plugin/users", async (event) => {
    const user = createUser(await readValidatedBody(event, NewUser));
    event.res.status = 201;
    return User.parse(user);
  })
  .get(
    "/my-plugin/users/:user_id",
    async (event) => {
      const { user_id } = await getValidatedRouterParams(event, Path);
      const user = findUser(user_id);
      if (!user) throw new HTTPError({ status: 404, message: "Not found" });
      return user;
    },
    { middleware: [signedIn] },
  );

serve(app, { port, hostname: host, silent: true });
