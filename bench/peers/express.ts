import express, { type ErrorRequestHandler, type RequestHandler } from "express";
import { createUser, findUser, hello, listUsers, verifyBearer } from "./domain.ts";
import { host, port } from "./harness.ts";
import { NewUser, Path, Query, User } from "./schemas.ts";

/** Express 5 without what it does by default and nobody needs here: tags of answers, and its name in a header. */

const signedIn: RequestHandler = (request, response, next) => {
  const claims = verifyBearer(request.headers.authorization);
  if (!claims) {
    response.status(401).json({ error: "Not authenticated" });
    return;
  }
  response.locals["claims"] = claims;
  next();
};

const onError: ErrorRequestHandler = (error: { status?: number }, _request, response, _next) => {
  response.status(error.status ?? 500).json({ error: "Failed" });
};

const app = express();
app.disable("x-powered-by");
app.disable("etag");

app.get("/hello", (_, response) => {
  response.json({ message: hello });
});

app.get("/my-plugin/users", (request, response) => {
  const { success, data } = Query.safeParse(request.query);
  if (success) response.json(listUsers(data.page, data.per_page, data.active));
  else response.status(422).json({ error: "Wrong query" });
});

app.post("/my-plugin/users", express.json(), (request, response) => {
  const { success, data } = NewUser.safeParse(request.body);
  if (success) response.status(201).json(User.parse(createUser(data)));
  else response.status(422).json({ error: "Wrong body" });
});

app.get("/my-plugin/users/:user_id", signedIn, (request, response) => {
  const { success, data } = Path.safeParse(request.params);
  const user = success ? findUser(data.user_id) : undefined;
  if (user) response.json(user);
  else response.status(success ? 404 : 422).json({ error: "Not found" });
});

app.use(onError);
app.listen(port, host);
