import { expect, test } from "vitest";
import { z } from "zod";
import type { ErrorItem } from "../exceptions.ts";
import { Plugin } from "../plugin/index.ts";
import { TestClient, type TestResponse } from "../testing/index.ts";
import { get } from "./index.ts";

class Users extends Plugin {
  list = get(
    "/users",
    {
      query: {
        page: z.int().min(1).default(1),
        per_page: z.int().min(1).max(100).default(20),
        search: z.string().optional(),
        active: z.boolean().optional(),
      },
    },
    ({ page, per_page, search = null, active = null }) => ({ page, per_page, search, active }),
  );
}

test("what a query leaves out has its default (Q1)", async () => {
  await using client = await TestClient.of(Users);
  const response = await client.get("/users");
  expect(await response.json()).toEqual({ page: 1, per_page: 20, search: null, active: null });
});

test("a boolean is true for true, 1, yes, on, y and t, in any case (Q2)", async () => {
  await using client = await TestClient.of(Users);
  const active = async (word: string) =>
    ((await (await client.get("/users", { query: { active: word } })).json()) as any).active;
  for (const word of ["true", "1", "yes", "on", "y", "t", "TRUE", "Yes"])
    expect(await active(word)).toBe(true);
  for (const word of ["false", "0", "no", "off", "n", "f", "False", "OFF"])
    expect(await active(word)).toBe(false);
});

test("any other word for a boolean is a bool_parsing error (Q2)", async () => {
  await using client = await TestClient.of(Users);
  for (const input of ["2", "maybe", ""]) {
    const response = await client.get("/users", { query: { active: input } });
    expect(await errorsOf(response)).toEqual([
      {
        loc: ["query", "active"],
        type: "bool_parsing",
        msg: "Input should be a valid boolean, unable to interpret input",
        input,
      },
    ]);
  }
});

test("an integer may have a sign, zeros and spaces around it (Q3)", async () => {
  await using client = await TestClient.of(echo(z.int()));
  for (const [text, value] of [
    ["1.0", 1],
    ["00012", 12],
    [" 7 ", 7],
    ["-3", -3],
    ["+5", 5],
  ] as const) {
    expect(await (await client.get("/", { query: { q: text } })).json()).toBe(value);
  }
});

test("nothing else is an integer (Q3, decision 18)", async () => {
  await using client = await TestClient.of(echo(z.int()));
  for (const input of ["1.5", "1e3", "0x10", "inf", "", "1_000", "١", "1,000"]) {
    const response = await client.get("/", { query: { q: input } });
    expect(await errorsOf(response)).toEqual([
      {
        loc: ["query", "q"],
        type: "int_parsing",
        msg: "Input should be a valid integer, unable to parse string as an integer",
        input,
      },
    ]);
  }
});

test("an integer above 2^53 is exact as a bigint, and otherwise refused, never rounded (Q4)", async () => {
  await using big = await TestClient.of(echo(z.bigint()));
  expect(await (await big.get("/?q=9007199254740993")).text()).toBe("9007199254740993");
  await using small = await TestClient.of(echo(z.int()));
  expect(await errorsOf(await small.get("/?q=9007199254740993"))).toMatchObject([
    { type: "int_parsing_size", input: "9007199254740993" },
  ]);
});

test("a float may have an exponent; NaN, infinity and what is too large are refused (Q5)", async () => {
  await using client = await TestClient.of(echo(z.number()));
  expect(await (await client.get("/?q=1e3")).json()).toBe(1000);
  expect(await (await client.get("/?q=.5")).json()).toBe(0.5);
  for (const input of ["NaN", "inf", "-Infinity", "1e400", "1e309", "0x10", ""]) {
    const response = await client.get("/", { query: { q: input } });
    expect(await errorsOf(response)).toMatchObject([{ type: "float_parsing", input }]);
  }
});

test("of a name given twice the last value counts (Q6)", async () => {
  await using client = await TestClient.of(echo(z.int()));
  expect(await (await client.get("/?q=1&q=2")).json()).toBe(2);
});

test("a list collects all values of its name, and does not split them (Q6)", async () => {
  await using client = await TestClient.of(echo(z.array(z.int()).default([])));
  expect(await (await client.get("/?q=1&q=2")).json()).toEqual([1, 2]);
  expect(await (await client.get("/?q=1")).json()).toEqual([1]);
  expect(await (await client.get("/")).json()).toEqual([]);
  expect(await errorsOf(await client.get("/?q=1,2"))).toMatchObject([
    { loc: ["query", "q", 0], type: "int_parsing", input: "1,2" },
  ]);
});

test("a fault in a list says at which place (Q6)", async () => {
  await using client = await TestClient.of(echo(z.array(z.int().max(9))));
  expect(await errorsOf(await client.get("/?q=1&q=x"))).toMatchObject([
    { loc: ["query", "q", 1], type: "int_parsing", input: "x" },
  ]);
  expect(await errorsOf(await client.get("/?q=1&q=10"))).toMatchObject([
    { loc: ["query", "q", 1], type: "less_than_equal", ctx: { le: 9 } },
  ]);
});

test("a parameter that nobody asks for is passed over (Q7)", async () => {
  await using client = await TestClient.of(Users);
  expect((await client.get("/users?__proto__=1&constructor=2&nothing")).status).toBe(200);
});

test("an empty text is a text (Q8)", async () => {
  await using client = await TestClient.of(echo(z.string()));
  expect(await (await client.get("/?q=")).json()).toBe("");
  expect(await (await client.get("/?q")).json()).toBe("");
});

test("a moment is ISO text, with a T or a space, or Unix seconds or milliseconds (Q9)", async () => {
  await using client = await TestClient.of(echo(z.date()));
  for (const text of [
    "2024-01-02T03:04:05Z",
    "2024-01-02 03:04:05",
    "2024-01-02T04:04:05+01:00",
    "1704164645",
    "1704164645000",
  ]) {
    const response = await client.get("/", { query: { q: text } });
    expect(await response.json()).toBe("2024-01-02T03:04:05.000Z");
  }
  for (const input of ["yesterday", "2024-02-30", "2024-13-01T00:00:00Z", ""]) {
    const response = await client.get("/", { query: { q: input } });
    expect(await errorsOf(response)).toMatchObject([{ type: "datetime_parsing", input }]);
  }
});

test("a date has no time (Q9)", async () => {
  await using client = await TestClient.of(echo(z.iso.date()));
  expect(await (await client.get("/?q=2024-01-02")).json()).toBe("2024-01-02");
  expect((await client.get("/?q=2024-01-02T10:00:00")).status).toBe(422);
});

test("a choice that is none of those offered is a literal_error that names them (Q9)", async () => {
  await using client = await TestClient.of(echo(z.enum(["asc", "desc"])));
  expect(await (await client.get("/?q=asc")).json()).toBe("asc");
  expect(await errorsOf(await client.get("/?q=up"))).toMatchObject([
    { type: "literal_error", input: "up", ctx: { expected: '"asc" or "desc"' } },
  ]);
});

test("all faults are told at once, in the order of declaration (Q10)", async () => {
  await using client = await TestClient.of(Users);
  const response = await client.get("/users?active=maybe&per_page=101&page=0");
  expect(response.status).toBe(422);
  const problem = (await response.json()) as any;
  expect(problem).toMatchObject({ title: "Unprocessable Content", detail: "3 validation errors" });
  expect(problem.errors).toMatchObject([
    { loc: ["query", "page"], type: "greater_than_equal", ctx: { ge: 1 }, input: "0" },
    { loc: ["query", "per_page"], type: "less_than_equal", ctx: { le: 100 }, input: "101" },
    { loc: ["query", "active"], type: "bool_parsing", input: "maybe" },
  ]);
});

test("what is wanted and not there is missing (Q11)", async () => {
  class Search extends Plugin {
    search = get("/search", { query: { query: z.string() } }, ({ query }) => query);
  }
  await using client = await TestClient.of(Search);
  expect(await errorsOf(await client.get("/search"))).toEqual([
    { loc: ["query", "query"], type: "missing", msg: "Field required" },
  ]);
});

test("what is not well encoded in a query is read as well as it can be", async () => {
  await using client = await TestClient.of(echo(z.string()));
  expect(await (await client.get("/?q=%")).json()).toBe("%");
  expect(await (await client.get("/?q=%zz")).json()).toBe("%zz");
  expect(await (await client.get("/?q=%ff")).json()).toBe("\ufffd");
  expect(await (await client.get("/?q=%ED%A0%80")).json()).toMatch(/^\ufffd+$/);
  expect(await (await client.get("/?q=%00")).json()).toBe("\u0000");
  expect(await (await client.get("/?q=a+b")).json()).toBe("a b");
});

test("a long value is repeated in part only (decision 1)", async () => {
  await using client = await TestClient.of(echo(z.int()));
  const [error] = await errorsOf(await client.get(`/?q=${"x".repeat(5000)}`));
  expect(error!.input).toBe(`${"x".repeat(100)}…`);
});

test("a check may take time", async () => {
  const free = z.string().refine(async (name) => name !== "taken", "Taken");
  class Names extends Plugin {
    one = get("/one", { query: { name: free, n: z.int() } }, ({ name }) => name);
    all = get("/all", { query: z.object({ name: free }) }, ({ name }) => name);
    path = get("/path/{name}", { path: { name: free } }, ({ name }) => name);
  }
  await using client = await TestClient.of(Names);
  for (const path of ["/one?n=1&name=", "/all?name=", "/path/"]) {
    expect(await (await client.get(`${path}new`)).json()).toBe("new");
    expect(await errorsOf(await client.get(`${path}taken`))).toMatchObject([
      { loc: [path.startsWith("/path") ? "path" : "query", "name"], msg: "Taken", input: "taken" },
    ]);
  }
  expect(await errorsOf(await client.get("/one?n=x&name=taken"))).toMatchObject([
    { msg: "Taken" },
    { loc: ["query", "n"], type: "int_parsing" },
  ]);
});

/** A plugin whose only route answers with what its query `q` is read as. */
function echo(schema: z.ZodType) {
  return class Echo extends Plugin {
    echo = get("/", { query: { q: schema } }, ({ q }) => q);
  };
}

async function errorsOf(response: TestResponse): Promise<ErrorItem[]> {
  expect(response.status).toBe(422);
  return ((await response.json()) as { errors: ErrorItem[] }).errors;
}
