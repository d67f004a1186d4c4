import { currentUser, get, notFound, Plugin, post } from "nexus-platform";
import { authenticatorKey, createIdentity, createTokens } from "nexus-platform/auth";
import { currentScope } from "nexus-platform/scope";
import { z } from "zod";

const User = z.object({
  id: z.int(),
  username: z.string().min(3).max(50),
  email: z.email(),
  active: z.boolean(),
});
const NewUser = User.omit({ id: true }).extend({ password: z.string().min(8) });

const users = Array.from({ length: 1000 }, (_, at) => ({
  id: at + 1,
  username: `user_${at + 1}`,
  email: `user${at + 1}@example.com`,
  active: at % 4 > 0,
  note: "This never leaves",
}));

/** What most APIs do most of the time: a short answer, a page, a new one, one for who may see it. */
export default class Workloads extends Plugin {
  static override readonly prefix = "/workloads";

  hello = get("/hello", () => ({ message: "Hello" }));

  list = get(
    "/users",
    {
      query: {
        page: z.int().min(1).default(1),
        per_page: z.int().max(100).default(20),
        active: z.boolean(),
      },
      response: z.array(User),
    },
    ({ page, per_page, active }) =>
      users.filter((one) => one.active === active).slice((page - 1) * per_page, page * per_page),
  );

  create = post("/users", { body: NewUser, response: User, status: 201 }, ({ body }) => ({
    ...body,
    id: 1001,
  }));

  one = get(
    "/users/{id:int}",
    { response: User, use: { me: currentUser } },
    ({ id }) => users[id - 1] ?? notFound("No such user"),
  );

  /** For who asks. */
  token = get("/token", () => this.#tokens.issue({ sub: "user 7", sid: "session 1" }));

  readonly #tokens = createTokens({
    secrets: ["a secret that is only used under torture"],
    lifetime: 86_400,
  });

  override start(): void {
    currentScope("workloads").root.provide(authenticatorKey, {
      authenticate: async ({ headers }) => {
        const [, token] = /^Bearer (.+)$/.exec(headers.get("authorization") ?? "") ?? [];
        if (token === undefined) return undefined;
        return createIdentity({ id: this.#tokens.verify(token).sub, username: "ann" });
      },
    });
  }
}
