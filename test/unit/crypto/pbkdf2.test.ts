import { pbkdf2 as referencePbkdf2 } from "@noble/hashes/pbkdf2.js";
import { sha256 } from "@noble/hashes/sha2.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toHex, utf8 } from "../../../src/crypto/bytes.ts";
import { chainedPbkdf2, ITERATIONS_PER_CALL_MAX } from "../../../src/crypto/password-hash.ts";
import { anyText } from "../../support/arbitraries.ts";
import { derivationsOf } from "../../support/derivations.ts";

const password = anyText(80);
const salt = fc.uint8Array({ minLength: 1, maxLength: 40 });
const iterations = fc.integer({ min: 1, max: 40 });

describe("PBKDF2-HMAC-SHA256 in one round", () => {
  test.each([
    {
      source: "RFC 7914 §11, first",
      input: ["passwd", "salt", 1],
      key: "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc",
    },
    {
      source: "RFC 7914 §11, second",
      input: ["Password", "NaCl", 80_000],
      key: "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56",
    },
  ] as const)("agrees with a known vector: $source", async ({ input, key }) => {
    const [text, saltText, count] = input;
    expect(toHex(await chainedPbkdf2(text, utf8(saltText), 1, count))).toBe(key);
  });
});

describe("chained PBKDF2", () => {
  test("salts each round with the output of the previous one", async () => {
    const rounds = fc.integer({ min: 1, max: 6 });
    await fc.assert(
      fc.asyncProperty(password, salt, rounds, iterations, async (text, first, count, each) => {
        let expected: Uint8Array = first;
        for (let round = 0; round < count; round += 1) {
          expected = referencePbkdf2(sha256, utf8(text), expected, { c: each, dkLen: 32 });
        }
        expect(toHex(await chainedPbkdf2(text, first, count, each))).toBe(toHex(expected));
      }),
    );
  });
});

describe("the platform's limit of iterations in one call", () => {
  test("is the limit of this module", async () => {
    expect(ITERATIONS_PER_CALL_MAX).toBe(100_000);
    const derived = await chainedPbkdf2("passwd", utf8("salt"), 1, ITERATIONS_PER_CALL_MAX);
    expect(derived.length).toBe(32);
  });

  test("is checked by the module itself, before any work", async () => {
    const above = ITERATIONS_PER_CALL_MAX + 1;
    const derive = () => chainedPbkdf2("passwd", utf8("salt"), 2, above);
    await expect(derive()).rejects.toThrow(RangeError);
    expect(await derivationsOf(derive)).toEqual([]);
  });

  test("is enforced here as in production", async () => {
    const key = await crypto.subtle.importKey("raw", utf8("pw"), "PBKDF2", false, ["deriveBits"]);
    const derive = (count: number) => {
      const parameters = { name: "PBKDF2", hash: "SHA-256", salt: utf8("salt"), iterations: count };
      return crypto.subtle.deriveBits(parameters, key, 256);
    };
    await expect(derive(100_001)).rejects.toMatchObject({ name: "NotSupportedError" });
    await expect(derive(100_000)).resolves.toHaveProperty("byteLength", 32);
  });
});
