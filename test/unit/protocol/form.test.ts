import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeForm, decodeFormComponent } from "../../../src/protocol/params.ts";
import { anyText } from "../../support/arbitraries.ts";

/** Decodes byte by byte, as in the URL standard, but strictly. */
function decodeByHand(encoded: string): string | null {
  const bytes: number[] = [];
  let rest = encoded;
  while (rest !== "") {
    const escaped = /^%([0-9a-fA-F]{2})/.exec(rest);
    const [character = ""] = rest;
    if (escaped !== null) bytes.push(Number.parseInt(escaped[1] ?? "", 16));
    else bytes.push(...new TextEncoder().encode(character === "+" ? " " : character));
    rest = rest.slice(escaped === null ? character.length : 3);
  }
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return decoder.decode(Uint8Array.from(bytes));
  } catch {
    return null;
  }
}

const pieces = fc.constantFrom(
  ..."%+a0Fé€&=;",
  ..."%4 %41 %4G %% %25 %2B %26 %00 %c3 %a9 %C3%A9 %e2%82 %E2%82%AC %ef%bb%bf %ff".split(" "),
  ..."%ed%a0%80 %c0%80 %f0%9f%94%91".split(" "),
);

describe("one name or value of a form", () => {
  test("is what was encoded, for any text", () => {
    fc.assert(
      fc.property(anyText(), (text) => {
        const encoded = encodeURIComponent(text);
        const lowerCase = encoded.replace(/%../g, (each) => each.toLowerCase());
        expect(decodeFormComponent(encoded)).toBe(text);
        expect(decodeFormComponent(lowerCase)).toBe(text);
        expect(decodeFormComponent(encoded.replaceAll("%20", "+"))).toBe(text);
      }),
    );
  });

  test("equals the output of a decoder that works byte by byte, for any mix of escapes", () => {
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
        const encoded = parts.join("");
        expect(decodeFormComponent(encoded)).toBe(decodeByHand(encoded));
      }),
      { numRuns: 1000 },
    );
  });

  test.each([
    ["a+b", "a b"],
    ["a%2Bb", "a+b"],
    ["a%20b", "a b"],
    ["%2525", "%25"],
    ["%", "%"],
    ["100%", "100%"],
    ["%4", "%4"],
    ["%zz", "%zz"],
    ["%%41", "%A"],
    ["%c3%a9%C3%A9", "éé"],
    ["%EF%BB%BFa", "\ufeffa"],
    ["%00", "\0"],
    ["é%C3%A9", "éé"],
  ])("%j decodes to %j", (encoded, text) => {
    expect(decodeFormComponent(encoded)).toBe(text);
  });

  test.each([
    ["a byte that UTF-8 never has", "%ff"],
    ["a character cut short", "a%e2%82b"],
    ["a lone continuation byte", "%80"],
    ["an overlong encoding", "%c0%af"],
    ["a surrogate", "%ed%a0%80"],
    ["Latin-1", "p%e4ssword"],
  ])("is rejected with %s, and nothing replaces it", (_what, encoded) => {
    expect(decodeFormComponent(encoded)).toBeNull();
  });
});

describe("a form", () => {
  test("is the pairs that were encoded, in order, repeats kept", () => {
    const pairs = fc.array(fc.tuple(anyText(10), anyText(20)), { maxLength: 10 });
    fc.assert(
      fc.property(pairs, (list) => {
        const body = list.map((pair) => pair.map(encodeURIComponent).join("=")).join("&");
        expect(decodeForm(body)).toEqual(list);
        expect(decodeForm(new URLSearchParams(list).toString())).toEqual(list);
      }),
    );
  });

  test.each([
    ["", []],
    ["&&", []],
    ["a", [["a", ""]]],
    ["a=", [["a", ""]]],
    ["=b", [["", "b"]]],
    ["=", [["", ""]]],
    ["a=b=c", [["a", "b=c"]]],
    [
      "a=1&a=2",
      [
        ["a", "1"],
        ["a", "2"],
      ],
    ],
    [
      "&a=1&&b=2&",
      [
        ["a", "1"],
        ["b", "2"],
      ],
    ],
    ["a;b=1", [["a;b", "1"]]],
    ["%61=1", [["a", "1"]]],
    ["a%3Db=1%262", [["a=b", "1&2"]]],
    ["__proto__=x", [["__proto__", "x"]]],
    ["username=ada\r\n", [["username", "ada\r\n"]]],
  ])("%j is %j", (body, pairs) => {
    expect(decodeForm(body)).toEqual(pairs);
  });

  test.each(["a=%ff", "%ff=a", "%ff", "good=1&a=%e2%82"])("%j is rejected", (body) => {
    expect(decodeForm(body)).toBeNull();
  });
});
