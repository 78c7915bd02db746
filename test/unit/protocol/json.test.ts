import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeJsonObject, parseExactJson } from "../../../src/protocol/json.ts";
import { anyText } from "../../support/arbitraries.ts";

/** Reads a body for which these names are known. */
const decode = (body: string) => decodeJsonObject(body, new Set(["a", "__proto__"]));

type Pair = [name: string, value: string];
/** A text and, for each of its UTF-16 units, whether it is spelled as `\uXXXX`. */
type Spelled = [text: string, escaped: boolean[]];

const escapes = fc.array(fc.boolean(), { minLength: 1, maxLength: 8 });
const name = fc.oneof(
  fc.constantFrom("a", "b", "scope", "__proto__", "constructor", '"', "\\", '\\"', "", "1", "0"),
  anyText(6),
);
const value = fc.oneof(anyText(12), fc.constantFrom('"a":"b"', "\\", '\\"', '","', "{}", ""));
const space = fc.constantFrom("", " ", "\n", "\t \r\n");

function spell([text, escaped]: Spelled): string {
  const units = Array.from({ length: text.length }, (_, index) => {
    const unit = text.charAt(index);
    if (unit === '"' || unit === "\\") return `\\${unit}`;
    const mustEscape = unit < " " || escaped[index % escaped.length];
    return mustEscape ? `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}` : unit;
  });
  return `"${units.join("")}"`;
}

function byName(pairs: readonly Pair[]): Pair[] {
  return pairs.toSorted(([one], [other]) => (one < other ? -1 : 1));
}

describe("a JSON body", () => {
  test("is its pairs, with any escapes, or invalid when a name is repeated", () => {
    const member = fc.tuple(fc.tuple(name, escapes), fc.tuple(value, escapes));
    fc.assert(
      fc.property(fc.array(member, { maxLength: 8 }), space, (members, gap) => {
        const literals = members.map((pair) => pair.map(spell).join(`${gap}:${gap}`));
        const body = `${gap}{${gap}${literals.join(`${gap},${gap}`)}${gap}}${gap}`;
        const pairs = members.map(([[one], [two]]): Pair => [one, two]);
        const isRepeated = new Set(pairs.map(([each]) => each)).size < pairs.length;
        const decoded = decode(body);
        if (isRepeated) expect(decoded).toBeNull();
        else expect(decoded && byName(decoded)).toEqual(byName(pairs));
      }),
      { numRuns: 1000 },
    );
  });

  test.each([
    ["plainly", '{"a":"1","a":"2"}'],
    ["with the same value", '{"a":"1","a":"1"}'],
    ["spelled with an escape", '{"a":"1","\\u0061":"2"}'],
    ["spelled with an escape at first", '{"\\u0061":"1","a":"2"}'],
    ["spelled with escapes of two cases", '{"\\u004A":"1","\\u004a":"2"}'],
    ["with an escaped solidus", '{"a/b":"1","a\\/b":"2"}'],
    ["with others between", '{"a":"1","b":"2","c":"3","a":"4"}'],
    ["and is empty", '{"":"1","":"2"}'],
    ["and is __proto__", '{"__proto__":"1","__proto__":"2"}'],
    ["and looks like an index", '{"0":"1","0":"2"}'],
    ["after a value full of quotation marks", '{"a":"\\"a\\":\\"b\\"","a":"2"}'],
    ["before a value that hides two literals", '{"a":"1","a":"\\\\"}'],
    ["where the first is no string", '{"a":1,"a":"2"}'],
    ["where the first is an object", '{"a":{"b":"c"},"a":"2"}'],
    ["where the first is an object with nothing in it", '{"a":{},"a":"2"}'],
    ["where the first is an array of strings", '{"a":["b","c"],"a":"2"}'],
  ])("is rejected when a name is repeated, %s", (_what, body) => {
    expect(decode(body)).toBeNull();
  });
});

describe("a value in a JSON body", () => {
  test.each([
    ["a number", '{"a":1}'],
    ["true", '{"a":true}'],
    ["null", '{"a":null}'],
    ["an object", '{"a":{"b":"c"}}'],
    ["an array", '{"a":["b"]}'],
    ["an empty array", '{"a":[]}'],
    ["a number after a string", '{"b":"1","a":2}'],
    ["an object as __proto__", '{"__proto__":{"a":"b"}}'],
  ])("of a known name is rejected when it is %s", (_what, body) => {
    expect(decode(body)).toBeNull();
  });

  test.each([
    ["a number", "1"],
    ["true", "true"],
    ["null", "null"],
    ["an object", '{"b":"c"}'],
    ["an object with known and repeated names", '{"a":1,"a":{"a":2}}'],
    ["an array", '["b",[{"a":"1"},":"]]'],
    ["a string", '"b"'],
  ])("of an unknown name is ignored when it is %s", (what, value) => {
    const read = ["x", what === "a string" ? "b" : ""];
    expect(decode(`{"x":${value}}`)).toEqual([read]);
    expect(decode(`{"a":"1","x":${value},"b":"\\":{"}`)).toEqual([["a", "1"], read, ["b", '":{']]);
    expect(decode(`{"a":"1","x":${value},"a":"2"}`)).toBeNull();
    expect(decode(`{"x":${value},"x":${value}}`)).toBeNull();
  });

  test.each([
    ["a high surrogate as a value", '{"a":"\\ud800"}'],
    ["a low surrogate as a value", '{"a":"x\\udc00"}'],
    ["two surrogates in the wrong order", '{"a":"\\udc00\\ud800"}'],
    ["a surrogate in a name", '{"\\ud83d":"b"}'],
    ["a surrogate that is not escaped", '{"a":"\ud800"}'],
  ])("is rejected with %s, which has no UTF-8", (_what, body) => {
    // Not `toBeNull`: a report that quotes a lone surrogate does not reach vitest.
    expect(decode(body) === null).toBe(true);
  });

  test("may contain a character escaped as a pair of surrogates", () => {
    expect(decode('{"a":"\\ud83d\\udd11"}')).toEqual([["a", "\u{1f511}"]]);
  });
});

describe("a whole JSON body", () => {
  test.each([
    ["an array", '[["a","b"]]'],
    ["an empty array", "[]"],
    ["a string", '"a"'],
    ["a number", "1"],
    ["null", "null"],
    ["nothing", ""],
    ["space", " "],
    ["two objects", '{"a":"b"}{"a":"b"}'],
    ["an object cut short", '{"a":"b"'],
    ["single quotation marks", "{'a':'b'}"],
    ["a trailing comma", '{"a":"b",}'],
    ["a comment", '{"a":"b"} // c'],
    ["a line feed inside a string", '{"a":"b\n"}'],
    ["a no-break space around it", '\u00a0{"a":"b"}'],
    ["a byte order mark in front (RFC 8259 §8.1)", '\ufeff{"a":"b"}'],
    ["a form", "a=b"],
    ["an unknown escape", '{"a":"\\x41"}'],
  ])("is rejected: %s", (_what, body) => {
    expect(decode(body)).toBeNull();
  });

  test("may be empty, and may contain the names of inherited members", () => {
    expect(decode("{}")).toEqual([]);
    expect(decode(' {"__proto__":"a","toString":"b"}\r\n')).toEqual([
      ["__proto__", "a"],
      ["toString", "b"],
    ]);
  });

  test("is accepted or rejected, without an exception, at the maximum length", () => {
    const length = 16 * 1024;
    for (const [open, close] of [
      ["[", "]"],
      ['{"a":', "}"],
    ] as const) {
      const depth = Math.floor(length / (open.length + close.length));
      expect(decode(open.repeat(depth) + close.repeat(depth))).toBeNull();
      expect(decode(open.repeat(length / open.length))).toBeNull();
    }
    expect(decode(`{"a":"${'\\"'.repeat(length / 2)}"}`)).toHaveLength(1);
    expect(decode(`{"a":"${"x".repeat(length)}"}`)).toHaveLength(1);
    expect(decode('"'.repeat(length))).toBeNull();
    expect(decode(`{"a":"${"\\".repeat(length)}`)).toBeNull();
  });
});

describe("a number in JSON", () => {
  test.each([
    ...["0", "-0", "0.0", "1", "-1", "1.0", "1.50", "0.1", "1e2", "1E+2", "1.5e-7", "5e-324"],
    ...["9007199254740991", "-9007199254740991", "0.30000000000000004", "123456789012345.6"],
    ...["1700000000.123456", "9007199254740992"],
  ])("%s is kept", (literal) => {
    const text = `{"a": [${literal}], "b": "9007199254740993"}`;
    expect(parseExactJson(text)).toEqual({ value: JSON.parse(text), inexact: [] });
  });

  test.each([
    ...["9007199254740993", "-9007199254740993", "12345678901234567890", "1e400", "-1e400"],
    ...["0.1000000000000000055", "0.12345678901234567890", "1e-400", "1.7976931348623159e308"],
    ...["123456789.12345678901", `1${"0".repeat(400)}`],
  ])("%s is found, with its position", (literal) => {
    expect(parseExactJson(`{"a": [0, ${literal}], "b": 1}`).inexact).toEqual([["a", 1]]);
    expect(parseExactJson(literal).inexact).toEqual([[]]);
  });

  test("is found at any position, and never in a string", () => {
    const text = '{"x": {"y": 9007199254740993}, "z": ["9007199254740993", 1e999]}';
    expect(parseExactJson(text).inexact).toEqual([
      ["x", "y"],
      ["z", 1],
    ]);
    expect(() => parseExactJson("{9007199254740993}")).toThrow(SyntaxError);
  });
});
