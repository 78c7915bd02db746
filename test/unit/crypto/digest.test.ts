import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 as referenceSha256 } from "@noble/hashes/sha2.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hkdfSha256, hmacKey, hmacSha256, sha256, toHex, utf8 } from "../../../src/crypto/bytes.ts";
import { anyText } from "../../support/arbitraries.ts";

const filled = (byte: number, length: number) => new Uint8Array(length).fill(byte);

/** FIPS 180-4's examples, as NIST publishes them. */
const SHA_256 = [
  ["no bytes", "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
  ["24 bits", "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
  [
    "448 bits",
    "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
  ],
  [
    "896 bits",
    "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn" +
      "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
    "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1",
  ],
  [
    "a million letters",
    "a".repeat(1_000_000),
    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
  ],
] as const;

/** RFC 4231 §4. Of its fifth case only the first half is published. */
const HMAC_SHA_256 = [
  {
    section: "4.2",
    key: filled(0x0b, 20),
    data: utf8("Hi There"),
    mac: "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
  },
  {
    section: "4.3",
    key: utf8("Jefe"),
    data: utf8("what do ya want for nothing?"),
    mac: "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
  },
  {
    section: "4.4",
    key: filled(0xaa, 20),
    data: filled(0xdd, 50),
    mac: "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
  },
  {
    section: "4.5",
    key: Uint8Array.from({ length: 25 }, (_, index) => index + 1),
    data: filled(0xcd, 50),
    mac: "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
  },
  {
    section: "4.6",
    key: filled(0x0c, 20),
    data: utf8("Test With Truncation"),
    mac: "a3b6167473100ee06e0c796c2955552b",
  },
  {
    section: "4.7",
    key: filled(0xaa, 131),
    data: utf8("Test Using Larger Than Block-Size Key - Hash Key First"),
    mac: "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
  },
  {
    section: "4.8",
    key: filled(0xaa, 131),
    data: utf8(
      "This is a test using a larger than block-size key and a larger than block-size data. " +
        "The key needs to be hashed before being used by the HMAC algorithm.",
    ),
    mac: "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
  },
];

describe("SHA-256", () => {
  test.each(SHA_256)("agrees with NIST's example of %s", async (_what, text, digest) => {
    expect(toHex(await sha256(text))).toBe(digest);
    expect(toHex(await sha256(utf8(text)))).toBe(digest);
  });

  test("reads text as UTF-8", async () => {
    expect(await sha256("\u20ac")).toEqual(await sha256(Uint8Array.of(0xe2, 0x82, 0xac)));
  });
});

describe("HMAC-SHA256", () => {
  test.each(HMAC_SHA_256)("agrees with RFC 4231 §$section", async ({ key, data, mac }) => {
    const computed = await hmacSha256(await hmacKey(key), data);
    expect(computed.length).toBe(32);
    expect(toHex(computed.subarray(0, mac.length / 2))).toBe(mac);
  });

  test("has a key that cannot be exported", async () => {
    const key = await hmacKey(filled(0x0b, 20));
    await expect(crypto.subtle.exportKey("raw", key)).rejects.toThrow();
  });
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
