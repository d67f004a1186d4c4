import { signToken } from "./peers/domain.ts";

export interface Workload {
  readonly name: string;
  readonly title: string;
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** The same work for every peer. */
export const workloads: readonly Workload[] = [
  { name: "W1", title: "hello", method: "GET", path: "/hello", headers: {} },
  {
    name: "W2",
    title: "list: query, page of 20",
    method: "GET",
    path: "/my-plugin/users?page=2&per_page=20&active=true",
    headers: {},
  },
  {
    name: "W3",
    title: "create: body, filtered",
    method: "POST",
    path: "/my-plugin/users",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      username: "john_doe",
      email: "john@example.com",
      password: "correct horse",
      full_name: "John Doe",
      tags: ["a", "b", "c"],
    }),
  },
  {
    name: "W4",
    title: "one user: bearer token",
    method: "GET",
    path: "/my-plugin/users/42",
    headers: { authorization: `Bearer ${signToken()}` },
  },
];
