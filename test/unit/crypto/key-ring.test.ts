import { describe, expect, test } from "vitest";
import { toHex } from "../../../src/crypto/bytes.ts";
import { deriveKeyRing, parseRingKeys } from "../../../src/crypto/key-ring.ts";
import { seal, unseal } from "../../../src/crypto/seal.ts";
import { rawKey, ringOf } from "../../support/rings.ts";

const hexKey = (byte: number) => toHex(rawKey(byte));
const list = (length: number) => Array.from({ length }, (_, index) => hexKey(index)).join(",");

describe("a ring in a secret", () => {
  test("is read in order, in any case and with any space around a key", () => {
    expect(parseRingKeys(hexKey(0xab))).toEqual([rawKey(0xab)]);
    expect(parseRingKeys(`${hexKey(0xcd).toUpperCase()},${hexKey(0xab)}`)).toEqual([
      rawKey(0xcd),
      rawKey(0xab),
    ]);
    expect(parseRingKeys(` ${hexKey(2)} ,\n\t${hexKey(1)}\n`)).toEqual([rawKey(2), rawKey(1)]);
  });

  test("has at most 16 keys", () => {
    expect(parseRingKeys(list(16))).toHaveLength(16);
    expect(parseRingKeys(list(17))).toBe("more than 16 keys");
  });

  test.each([
    ["nothing", "", 1],
    ["only space", "  ", 1],
    ["a key that is too short", hexKey(1).slice(1), 1],
    ["a key that is one byte short", hexKey(1).slice(2), 1],
    ["a key that is too long", `${hexKey(1)}00`, 1],
    ["a letter that is not hexadecimal", `g${hexKey(1).slice(1)}`, 1],
    ["0x in front", `0x${hexKey(1)}`, 1],
    ["space inside a key", `${hexKey(1).slice(0, 31)} ${hexKey(1).slice(32)}`, 1],
    ["a comma at the end", `${hexKey(1)},`, 2],
    ["a comma at the beginning", `,${hexKey(1)}`, 1],
    ["a semicolon between", `${hexKey(1)};${hexKey(2)}`, 1],
    ["the third key short", `${hexKey(1)},${hexKey(2)},00`, 3],
  ])("is rejected with %s, and the problem names the key", (_what, text, place) => {
    expect(parseRingKeys(text)).toBe(`key ${place} is not 64 hexadecimal digits`);
  });

  test("is rejected with a duplicate key, also in another case", () => {
    const twice = "a duplicate key";
    expect(parseRingKeys(`${hexKey(0xab)},${hexKey(0xab)}`)).toBe(twice);
    expect(parseRingKeys(`${hexKey(0xab)},${hexKey(1)},${hexKey(0xab).toUpperCase()}`)).toBe(twice);
  });
});

describe("a derived ring", () => {
  test("seals with its first key, and finds each key by an id derived from it", async () => {
    const ring = await ringOf("one", 1, 2);
    const reversed = await ringOf("another", 2, 1);
    expect(ring.sealing.id).toMatch(/^[0-9a-f]{8}$/);
    expect(ring.sealing.id).not.toBe(reversed.sealing.id);
    expect(ring.keys.get(reversed.sealing.id)?.id).toBe(reversed.sealing.id);
    expect(reversed.keys.get(ring.sealing.id)?.id).toBe(ring.sealing.id);
    expect(ring.keys.get(ring.sealing.id)).toBe(ring.sealing);
    expect(ring.sealing.id).toBe((await ringOf("one", 1)).sealing.id);
    expect(reversed.sealing.id).toBe((await ringOf("one", 2)).sealing.id);
  });

  test("finds nothing for an id that it does not have", async () => {
    const ring = await ringOf("one", 1);
    const { sealing } = await ringOf("one", 2);
    for (const id of [sealing.id, "", "__proto__", ring.sealing.id.toUpperCase().concat(" ")]) {
      expect(ring.keys.get(id)).toBeUndefined();
    }
  });

  test("needs a key", async () => {
    await expect(deriveKeyRing([], "one")).rejects.toThrow(TypeError);
  });

  test("has keys that cannot be exported", async () => {
    const { sealing } = await ringOf("one", 1);
    await expect(crypto.subtle.exportKey("raw", sealing.cipher)).rejects.toThrow();
    await expect(crypto.subtle.exportKey("raw", sealing.mac)).rejects.toThrow();
  });

  test("opens nothing that was sealed for another purpose", async () => {
    const [one, another] = await Promise.all([ringOf("one", 1), ringOf("another", 1)]);
    const sealed = await seal(one.sealing, rawKey(7));
    expect(one.sealing.id).toBe(another.sealing.id);
    expect(await unseal(another, sealed)).toBeNull();
    expect((await unseal(one, sealed))?.plaintext).toEqual(rawKey(7));
  });
});
