import { expect, test } from "vitest";
import { Context } from "../context.ts";
import { Request, Response } from "../message/index.ts";
import { Scope } from "../scope.ts";
import { type Answer, compose } from "./compose.ts";
import { nosniff } from "./nosniff.ts";

test("every answer forbids browsers to guess its type, errors too", async () => {
  const answers: Answer[] = [
    () => new Response("hello"),
    () => new Response("hello", { headers: { "X-Content-Type-Options": "other" } }),
    () => Promise.reject(new Error("broken")),
  ];
  for (const answer of answers) {
    const request = new Request({ method: "GET", target: "/" });
    const context = new Context(request, new Scope("app", "app"));
    const run = compose([nosniff()], answer, () => new Response(null, { status: 500 }));
    const response = await context.run(() => run(context));
    expect(response.headers.getAll("x-content-type-options")).toEqual(["nosniff"]);
  }
});
