import { assert, property, string } from "fast-check";
import { parse } from "content-disposition";
import { expect, test } from "vitest";
import { contentDisposition } from "./disposition.ts";
import { Response } from "./response.ts";

test("a name stands in quotes; outside ASCII it is encoded beside a stand-in (RFC 6266)", () => {
  expect(contentDisposition("report.pdf")).toBe('attachment; filename="report.pdf"');
  expect(contentDisposition("a b;c.txt", "inline")).toBe('inline; filename="a b;c.txt"');
  expect(contentDisposition("€ naïve.txt")).toBe(
    "attachment; filename=\"_ na_ve.txt\"; filename*=UTF-8''%E2%82%AC%20na%C3%AFve.txt",
  );
  // Some clients decode what looks encoded.
  expect(contentDisposition("%41 50%.txt")).toBe(
    "attachment; filename=\"_41 50%.txt\"; filename*=UTF-8''%2541%2050%25.txt",
  );
  expect(contentDisposition('say "hi".txt')).toBe('attachment; filename="say \\"hi\\".txt"');
});

test("folders are left out of a name, and so is what could mislead or break out", () => {
  const names = { "../../etc/passwd": "passwd", "C:\\temp\\a.txt": "a.txt", "a/": undefined };
  for (const [name, kept] of Object.entries(names))
    expect(contentDisposition(name)).toBe(kept ? `attachment; filename="${kept}"` : "attachment");
  expect(contentDisposition("a\r\nSet-Cookie: b=c")).toBe(
    'attachment; filename="aSet-Cookie: b=c"',
  );
  expect(contentDisposition("evil\u202egpj.exe")).toBe('attachment; filename="evilgpj.exe"');
  expect(contentDisposition("x; filename=evil.exe")).toBe(
    'attachment; filename="x; filename=evil.exe"',
  );
  expect(contentDisposition("")).toBe("attachment");
});

test("whatever the name, the header can be sent, and says that name", () => {
  assert(
    property(string({ unit: "binary" }), (name) => {
      const value = contentDisposition(name);
      const response = new Response(null, { headers: { "Content-Disposition": value } });
      expect(response.headers.get("content-disposition")).toBe(value);
      const { type, parameters } = parse(value);
      expect(type).toBe("attachment");
      if (/^[\w .-]+$/.test(name)) expect(parameters["filename"]).toBe(name);
    }),
  );
});

test("half of a character in a name is no error", () => {
  expect(contentDisposition("\ud83d.txt")).toContain("filename*=UTF-8''%EF%BF%BD.txt");
});
