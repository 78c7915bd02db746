import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { normalizeUsername, usernameKey } from "../../../src/protocol/usernames.ts";

describe("the key of a user name is the same for", () => {
  test.each([
    ["upper and lower case", "Ada", "ADA"],
    ["composed and decomposed letters", "Zo\u00eb", "Zoe\u0308"],
    ["both at once", "Zo\u00eb", "ZOE\u0308"],
    // Composed in lower case alone.
    ["letters that Unicode composes in one case only", "J\u030cane", "\u01f0ane"],
  ])("%s", (_, one, other) => {
    expect(usernameKey(one)).toBe(usernameKey(other));
  });

  test("every composition of any name", () => {
    const names = fc.string({ unit: "grapheme" });
    fc.assert(
      fc.property(names, (name) => {
        const key = usernameKey(name);
        expect(usernameKey(name.normalize("NFC"))).toBe(key);
        expect(usernameKey(name.normalize("NFD"))).toBe(key);
        expect(usernameKey(key)).toBe(key);
      }),
    );
  });
});

test.each([
  ["an accent", "ada", "ad\u00e1"],
  ["a space", "ada", "ada "],
  ["a wide letter", "ada", "\uff41da"],
])("names that differ in %s have two keys", (_, one, other) => {
  expect(usernameKey(one)).not.toBe(usernameKey(other));
});

test("the stored name keeps its case", () => {
  expect(normalizeUsername("ZOE\u0308")).toBe("ZO\u00cb");
});
