import { expect, test } from "vitest";
import { checkKey } from "./key.ts";

const faultOf = (key: unknown): string => {
  try {
    checkKey(key as string);
  } catch (error) {
    return (error as Error).message.replace(/\. Use names.*/, "");
  }
  return "";
};

test("a key that is refused is shown, with what is wrong with it", () => {
  expect(faultOf("reports/2026/ü 7.csv")).toBe("");
  expect(faultOf("")).toBe('The key "" is empty');
  expect(faultOf("a/../b")).toBe('The key "a/../b" has a part ".."');
  expect(faultOf("/etc/passwd")).toBe(
    'The key "/etc/passwd" begins or ends with a slash, or has two in a row',
  );
  expect(faultOf("a\\b")).toBe('The key "a\\\\b" has a backslash');
  expect(faultOf("a\nb")).toBe('The key "a\\nb" has a control character');
  expect(faultOf("\ud800")).toBe('The key "\\ud800" has half of a surrogate pair');
  expect(faultOf(7)).toBe("The key 7 is no text");
  expect(faultOf(undefined)).toBe("The key undefined is no text");
  expect(faultOf("ü".repeat(600))).toMatch(/^The key "ü{99}… is longer than 1024 bytes$/);
});
