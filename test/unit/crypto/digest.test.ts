import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 as referenceSha256 } from "@noble/hashes/sha2.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hkdfSha256, hmacKey, hmacSha256, sha256, toHex, utf8 } from "../../../src/crypto/bytes.ts";
import { anyText } from "../../support/arbitraries.ts";

const filled = (byte: number, length: number) => new Uint8Array(length).fill(byte);

test("SHA-256 reads text as UTF-8, and agrees with NIST's example of 24 bits", async () => {
  const digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  expect(toHex(await sha256("abc"))).toBe(digest);
  expect(toHex(await sha256(utf8("abc")))).toBe(digest);
  expect(await sha256("\u20ac")).toEqual(await sha256(Uint8Array.of(0xe2, 0x82, 0xac)));
});

test("HMAC-SHA256 agrees with RFC 4231 §4.3, and its key cannot be exported", async () => {
  const key = await hmacKey(utf8("Jefe"));
  expect(toHex(await hmacSha256(key, utf8("what do ya want for nothing?")))).toBe(
    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
  );
  await expect(crypto.subtle.exportKey("raw", key)).rejects.toThrow();
});

describe("HKDF-SHA256", () => {
  test("agrees with RFC 5869 appendix A.3, the test case without a salt", async () => {
    expect(toHex(await hkdfSha256(filled(0x0b, 22), "", 42))).toBe(
      "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
    );
  });

  test("agrees with another implementation for any purpose and length", async () => {
    const secret = fc.uint8Array({ minLength: 32, maxLength: 32 });
    const purpose = anyText();
    const length = fc.integer({ min: 1, max: 255 });
    await fc.assert(
      fc.asyncProperty(secret, purpose, length, async (ikm, info, size) => {
        const expected = hkdf(referenceSha256, ikm, undefined, utf8(info), size);
        expect(toHex(await hkdfSha256(ikm, info, size))).toBe(toHex(expected));
      }),
    );
  });
});
