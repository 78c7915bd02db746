import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  concat,
  equalInConstantTime,
  fromBase64,
  fromBase64Url,
  fromHex,
  fromUtf8,
  toBase64,
  toBase64Url,
  toHex,
  utf8,
} from "../../../src/crypto/bytes.ts";
import { anyText } from "../../support/arbitraries.ts";

const bytes = fc.uint8Array({ maxLength: 100 });
const BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** RFC 4648 §10. */
const RFC_4648 = [
  ["", "", ""],
  ["f", "Zg==", "66"],
  ["fo", "Zm8=", "666f"],
  ["foo", "Zm9v", "666f6f"],
  ["foob", "Zm9vYg==", "666f6f62"],
  ["fooba", "Zm9vYmE=", "666f6f6261"],
  ["foobar", "Zm9vYmFy", "666f6f626172"],
] as const;

test.each(RFC_4648)("%j is %j in base64 and %j in hexadecimal", (text, base64, hex) => {
  expect(toBase64(utf8(text))).toBe(base64);
  expect(toBase64Url(utf8(text))).toBe(base64.replaceAll("=", ""));
  expect(toHex(utf8(text))).toBe(hex);
  expect(fromBase64(base64)).toEqual(utf8(text));
  expect(fromBase64Url(base64.replaceAll("=", ""))).toEqual(utf8(text));
  expect(fromHex(hex)).toEqual(utf8(text));
});

describe("base64url", () => {
  test("reads what it wrote", () => {
    fc.assert(
      fc.property(bytes, (data) => {
        expect(fromBase64Url(toBase64Url(data))).toEqual(data);
      }),
    );
  });

  test("uses the alphabet of RFC 4648 §5", () => {
    expect(toBase64Url(Uint8Array.of(0xfb, 0xff, 0xfe))).toBe("-__-");
    expect(fromBase64Url("-__-")).toEqual(Uint8Array.of(0xfb, 0xff, 0xfe));
  });

  test("has one encoding for the same bytes", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...BASE64URL), maxLength: 12 }), (text) => {
        const data = fromBase64Url(text);
        if (data !== null) expect(toBase64Url(data)).toBe(text);
      }),
    );
  });

  test.each([
    ["padding", "Zg=="],
    ["unused bits that are not zero", "Zh"],
    ["unused bits that are not zero, two bytes", "Zm9"],
    ["one character too many", "Zm9vY"],
    ["the other alphabet's plus", "+__-"],
    ["the other alphabet's slash", "-//-"],
    ["a trailing line feed", "Zm9v\n"],
    ["a space", "Zm 9v"],
    ["a letter beyond ASCII", "Zm9\u{17f}"],
  ])("rejects %s", (_what, text) => {
    expect(fromBase64Url(text)).toBeNull();
  });
});

describe("base64", () => {
  test("reads what it wrote, with its padding or without", () => {
    fc.assert(
      fc.property(bytes, (data) => {
        expect(fromBase64(toBase64(data))).toEqual(data);
        expect(fromBase64(toBase64(data).replaceAll("=", ""))).toEqual(data);
      }),
    );
  });

  test.each([
    ["half of the padding", "Zg="],
    ["unnecessary padding", "Zm9v="],
    ["padding inside", "Zg==Zg=="],
    ["padding alone", "=="],
    ["one character too many", "Zm9vY"],
    ["the other alphabet's hyphen", "-w=="],
    ["a trailing line feed", "Zm9v\n"],
    ["a space", "Zm 9v"],
  ])("rejects %s", (_what, text) => {
    expect(fromBase64(text)).toBeNull();
  });
});

describe("hexadecimal", () => {
  test("reads what it wrote, in either case", () => {
    fc.assert(
      fc.property(bytes, (data) => {
        expect(toHex(data)).toMatch(/^[0-9a-f]*$/);
        expect(fromHex(toHex(data))).toEqual(data);
        expect(fromHex(toHex(data).toUpperCase())).toEqual(data);
      }),
    );
  });

  test.each(["0", "0g", "0x00", "00 00", "00\n", "-1", "1.", "\u{ff11}\u{ff11}"])(
    "rejects %j",
    (text) => expect(fromHex(text)).toBeNull(),
  );
});

describe("UTF-8", () => {
  test("reads what it wrote, for any well-formed text", () => {
    fc.assert(
      fc.property(anyText(), (text) => {
        expect(fromUtf8(utf8(text))).toBe(text);
      }),
    );
  });

  test("keeps a byte order mark, so that two different texts stay different", () => {
    expect(fromUtf8(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61))).toBe("\ufeffa");
  });

  test.each([
    ["a lone continuation byte", [0x80]],
    ["a character cut short", [0xe2, 0x82]],
    ["an overlong encoding", [0xc1, 0xa1]],
    ["a surrogate", [0xed, 0xa0, 0x80]],
    ["a code point past U+10FFFF", [0xf4, 0x90, 0x80, 0x80]],
    ["a byte that UTF-8 never has", [0x61, 0xff]],
  ])("rejects %s", (_what, data) => {
    expect(fromUtf8(Uint8Array.from(data))).toBeNull();
  });
});

test("joins byte arrays in order", () => {
  fc.assert(
    fc.property(fc.array(bytes), (parts) => {
      expect([...concat(...parts)]).toEqual(parts.flatMap((part) => [...part]));
    }),
  );
});

describe("comparison in constant time", () => {
  test("finds bytes equal to a copy, and unequal to any that differ in one bit", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), fc.nat(), (data, position) => {
        const altered = data.slice();
        const index = Math.floor(position / 8) % data.length;
        altered[index] = (data[index] as number) ^ (1 << (position % 8));
        expect(equalInConstantTime(data, data.slice())).toBe(true);
        expect(equalInConstantTime(data, altered)).toBe(false);
      }),
    );
  });

  test("finds bytes unequal to a prefix of them", () => {
    expect(equalInConstantTime(Uint8Array.of(1, 0), Uint8Array.of(1))).toBe(false);
    expect(equalInConstantTime(Uint8Array.of(), Uint8Array.of(0))).toBe(false);
    expect(equalInConstantTime(Uint8Array.of(), Uint8Array.of())).toBe(true);
  });
});
