import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatScope, isWithin, parseScope, type Scope } from "../../../src/protocol/scope.ts";

/** NQCHAR of RFC 6749 appendix A: what a scope token may be made of. */
const NQCHAR = Array.from({ length: 94 }, (_, index) => String.fromCharCode(0x21 + index)).filter(
  (character) => character !== '"' && character !== "\\",
);
const token = fc.string({ unit: fc.constantFrom(...NQCHAR), minLength: 1, maxLength: 12 });
const few = fc.constantFrom("read", "write", "groups", "Read", "introspection");
const tokens = fc.array(fc.oneof(token, few), { maxLength: 20 });
const spaces = fc.string({ unit: fc.constant(" "), minLength: 1, maxLength: 3 });

function parsed(text: string): Scope {
  const scope = parseScope(text);
  if (scope === null) throw new Error("the scope was rejected");
  return scope;
}

describe("a scope", () => {
  test("is the set of its tokens, in the order in which each first appears", () => {
    fc.assert(
      fc.property(tokens, (list) => {
        expect(parsed(list.join(" "))).toEqual([...new Set(list)]);
      }),
    );
  });

  test("is read back as it was written, and is written the same from then on", () => {
    fc.assert(
      fc.property(tokens, (list) => {
        const scope = parsed(list.join(" "));
        expect(parsed(formatScope(scope))).toEqual(scope);
        expect(formatScope(parsed(formatScope(scope)))).toBe(formatScope(scope));
      }),
    );
  });

  test("is the same with more spaces between, before and after", () => {
    fc.assert(
      fc.property(tokens, spaces, (list, space) => {
        const text = `${space}${list.join(space)}${space}`;
        expect(parsed(text)).toEqual(parsed(list.join(" ")));
      }),
    );
  });

  test("is valid only when every character is a space or one that RFC 6749 §3.3 allows", () => {
    const characters = fc.oneof(
      { arbitrary: fc.constantFrom(...NQCHAR, " "), weight: 20 },
      fc.integer({ min: 0, max: 0x2ff }).map((code) => String.fromCharCode(code)),
    );
    const allowed = new Set([...NQCHAR, " "]);
    fc.assert(
      fc.property(fc.string({ unit: characters, maxLength: 20 }), (text) => {
        const isAllowed = [...text].every((character) => allowed.has(character));
        expect(parseScope(text) !== null).toBe(isAllowed);
      }),
    );
  });

  test.each([
    ["a tab", "read\twrite"],
    ["a line feed", "read\nwrite"],
    ["a line feed at the end", "read\n"],
    ["a no-break space", "read\u00a0write"],
    ["a quotation mark", 'read "write"'],
    ["a backslash", "read\\write"],
    ["NUL", "read\0"],
    ["DEL", "read\u007f"],
    ["a letter beyond ASCII", "r\u00e9ad"],
  ])("is rejected with %s", (_what, text) => {
    expect(parseScope(text)).toBeNull();
  });

  test("has at most 100 tokens, repeated ones counted once", () => {
    const names = Array.from({ length: 101 }, (_, index) => `s${index}`);
    expect(parseScope(names.slice(0, 100).join(" "))).toHaveLength(100);
    expect(parseScope([...names.slice(0, 100), "s0"].join(" "))).toHaveLength(100);
    expect(parseScope(names.join(" "))).toBeNull();
  });

  test("may be empty", () => {
    expect(parseScope("")).toEqual([]);
    expect(parseScope("  ")).toEqual([]);
    expect(formatScope([])).toBe("");
  });
});

describe("one scope within another", () => {
  test("is a subset, in any order", () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(["a", "b", "c", "d"]), tokens, (subset, others) => {
        const outer = ["d", "c", "b", "a", ...others];
        expect(isWithin(subset, outer)).toBe(true);
        expect(isWithin([...subset, "not there"], outer)).toBe(false);
        expect(isWithin(outer, outer)).toBe(true);
      }),
    );
  });

  test("compares whole tokens, case-sensitively", () => {
    expect(isWithin(["Read"], ["read"])).toBe(false);
    expect(isWithin(["rea"], ["read"])).toBe(false);
    expect(isWithin(["read"], [])).toBe(false);
    expect(isWithin([], [])).toBe(true);
    expect(isWithin(["__proto__"], ["read"])).toBe(false);
  });

  test("treats a comma as part of a token, so that `read,write` is in no other scope", () => {
    expect(parsed("read,write")).toEqual(["read,write"]);
    expect(isWithin(parsed("read,write"), ["read", "write"])).toBe(false);
  });
});
