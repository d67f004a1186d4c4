import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import {
  createUser,
  emailPattern,
  findUser,
  hello,
  listUsers,
  type NewUser,
  usernamePattern,
  verifyBearer,
} from "./domain.ts";
import { host, port } from "./harness.ts";

/** node:http by hand: what an experienced author writes who needs these four routes and no others. */

const username = new RegExp(usernamePattern);
const email = new RegExp(emailPattern);

createServer((request, response) => {
  const url = request.url!;
  const mark = url.indexOf("?");
  const path = mark < 0 ? url : url.slice(0, mark);
  if (request.method === "GET") {
    if (path === "/hello") return send(response, 200, { message: hello });
    if (path === "/my-plugin/users") {
      return list(new URLSearchParams(mark < 0 ? "" : url.slice(mark + 1)), response);
    }
    if (path.startsWith("/my-plugin/users/")) return one(path.slice(17), request, response);
  } else if (request.method === "POST" && path === "/my-plugin/users") {
    return create(request, response);
  }
  send(response, 404, { error: "Not found" });
}).listen(port, host);

function list(query: URLSearchParams, response: ServerResponse): void {
  const page = Number(query.get("page") ?? 1);
  const perPage = Number(query.get("per_page") ?? 20);
  const active = query.get("active");
  const isRight =
    Number.isInteger(page) &&
    page >= 1 &&
    Number.isInteger(perPage) &&
    perPage >= 1 &&
    perPage <= 100 &&
    (active === null || active === "true" || active === "false");
  if (!isRight) return send(response, 422, { error: "Wrong query" });
  send(response, 200, listUsers(page, perPage, active === null ? undefined : active === "true"));
}

function one(text: string, request: IncomingMessage, response: ServerResponse): void {
  if (!verifyBearer(request.headers.authorization)) {
    return send(response, 401, { error: "Not authenticated" });
  }
  const id = Number(text);
  if (!Number.isInteger(id) || id < 1) return send(response, 422, { error: "Wrong id" });
  const user = findUser(id);
  if (user) send(response, 200, user);
  else send(response, 404, { error: "Not found" });
}

function create(request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    let body: unknown;
    try {
      body = JSON.parse(Buffer.concat(chunks).toString());
    } catch {
      return send(response, 400, { error: "No JSON" });
    }
    if (!isNewUser(body)) return send(response, 422, { error: "Wrong body" });
    const user = createUser(body);
    send(response, 201, {
      user_id: user.user_id,
      username: user.username,
      email: user.email,
      full_name: user.full_name,
      active: user.active,
      tags: user.tags,
      created_at: user.created_at,
      updated_at: user.updated_at,
    });
  });
}

function isNewUser(body: unknown): body is NewUser {
  if (typeof body !== "object" || body === null) return false;
  const given = body as Readonly<Record<string, unknown>>;
  return (
    typeof given["username"] === "string" &&
    given["username"].length >= 3 &&
    given["username"].length <= 50 &&
    username.test(given["username"]) &&
    typeof given["email"] === "string" &&
    email.test(given["email"]) &&
    typeof given["password"] === "string" &&
    given["password"].length >= 8 &&
    (given["full_name"] === undefined ||
      given["full_name"] === null ||
      typeof given["full_name"] === "string") &&
    (given["tags"] === undefined ||
      (Array.isArray(given["tags"]) && given["tags"].every((tag) => typeof tag === "string")))
  );
}

function send(response: ServerResponse, status: number, value: object): void {
  const text = JSON.stringify(value);
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
  });
  response.end(text);
}
