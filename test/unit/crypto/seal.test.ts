import { hkdf } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Bytes, concat, toHex, utf8 } from "../../../src/crypto/bytes.ts";
import { seal, unseal } from "../../../src/crypto/seal.ts";
import { rawKey, ringOf } from "../../support/rings.ts";

const PURPOSE = "test";
const MESSAGE = utf8("a family, its generation and a scope");
const KEY_ID_BYTES = 4;
const OVERHEAD_BYTES = 24;
const plaintext = fc.uint8Array({ maxLength: 120 });

/** AES-256 in counter mode, built from single blocks: CBC over one block and no vector is AES. */
async function counterMode(rawCipherKey: Bytes, iv: Bytes, data: Bytes): Promise<Bytes> {
  const key = await crypto.subtle.importKey("raw", rawCipherKey, "AES-CBC", false, ["encrypt"]);
  const result = data.slice();
  let counter = BigInt(`0x${toHex(iv)}`);
  for (let offset = 0; offset < data.length; offset += 16) {
    const block = counter.toString(16).padStart(32, "0").match(/../g) ?? [];
    const input = Uint8Array.from(block, (pair) => Number.parseInt(pair, 16));
    const zero = { name: "AES-CBC", iv: new Uint8Array(16) };
    const keystream = new Uint8Array(await crypto.subtle.encrypt(zero, key, input));
    for (let index = 0; index < 16 && offset + index < data.length; index += 1) {
      result[offset + index] = (data[offset + index] ?? 0) ^ (keystream[index] ?? 0);
    }
    counter = (counter + 1n) % (1n << 128n);
  }
  return result;
}

describe("a sealed text", () => {
  test("opens to what was sealed, and is the same bytes each time", async () => {
    const ring = await ringOf(PURPOSE, 1);
    const again = await ringOf(PURPOSE, 1);
    await fc.assert(
      fc.asyncProperty(plaintext, async (data) => {
        const sealed = await seal(ring.sealing, data);
        expect(sealed.length).toBe(data.length + OVERHEAD_BYTES);
        expect(await seal(again.sealing, data)).toEqual(sealed);
        expect(await unseal(ring, sealed)).toEqual({ plaintext: data, keyId: ring.sealing.id });
      }),
    );
  });

  test("is key id, tag and ciphertext, as in another implementation", async () => {
    const { sealing } = await ringOf(PURPOSE, 5);
    const derive = (info: string, length: number) => {
      return Uint8Array.from(hkdf(sha256, rawKey(5), undefined, utf8(info), length));
    };
    const id = derive("tollgate key id", KEY_ID_BYTES);
    const cipherKey = derive(`tollgate ${PURPOSE} cipher`, 32);
    const macKey = derive(`tollgate ${PURPOSE} mac`, 32);
    await fc.assert(
      fc.asyncProperty(plaintext, async (data) => {
        const tag = hmac(sha256, macKey, data).slice(0, 20);
        const iv = Uint8Array.from(tag.subarray(0, 16));
        const expected = concat(id, tag, await counterMode(cipherKey, iv, data));
        expect(toHex(await seal(sealing, data))).toBe(toHex(expected));
      }),
    );
  });

  test("does not show its content", async () => {
    const { sealing } = await ringOf(PURPOSE, 1);
    const sealed = toHex(await seal(sealing, MESSAGE));
    for (let start = 0; start + 4 <= MESSAGE.length; start += 1) {
      expect(sealed).not.toContain(toHex(MESSAGE.subarray(start, start + 4)));
    }
  });
});

describe("opening rejects", () => {
  test("a sealed text with any one bit flipped", async () => {
    const ring = await ringOf(PURPOSE, 1, 2);
    const sealed = await seal(ring.sealing, MESSAGE);
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const altered = sealed.slice();
      altered[bit >> 3] = (sealed[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(await unseal(ring, altered), `bit ${bit}`).toBeNull();
    }
  });

  test("a sealed text cut short, at each length and at either end", async () => {
    const ring = await ringOf(PURPOSE, 1);
    const sealed = await seal(ring.sealing, MESSAGE);
    for (let length = 0; length < sealed.length; length += 1) {
      expect(await unseal(ring, sealed.slice(0, length)), `first ${length}`).toBeNull();
      const tail = sealed.slice(sealed.length - length);
      expect(await unseal(ring, tail), `last ${length}`).toBeNull();
      const beheaded = concat(sealed.subarray(0, KEY_ID_BYTES), tail);
      if (beheaded.length < sealed.length) expect(await unseal(ring, beheaded)).toBeNull();
    }
  });

  test("a sealed text with bytes after it", async () => {
    const ring = await ringOf(PURPOSE, 1);
    const sealed = await seal(ring.sealing, MESSAGE);
    expect(await unseal(ring, concat(sealed, [0]))).toBeNull();
    expect(await unseal(ring, concat(sealed, sealed))).toBeNull();
  });

  test("any other text, also with the id of a key in the ring", async () => {
    const ring = await ringOf(PURPOSE, 1);
    const keyId = (await seal(ring.sealing, MESSAGE)).subarray(0, KEY_ID_BYTES);
    await fc.assert(
      fc.asyncProperty(plaintext, async (data) => {
        expect(await unseal(ring, data)).toBeNull();
        expect(await unseal(ring, concat(keyId, data))).toBeNull();
      }),
    );
  });

  test("a text that another key sealed, also with the id of this key", async () => {
    const [ring, other] = await Promise.all([ringOf(PURPOSE, 1), ringOf(PURPOSE, 2)]);
    const foreign = await seal(other.sealing, MESSAGE);
    const claimed = foreign.slice();
    claimed.set((await seal(ring.sealing, MESSAGE)).subarray(0, KEY_ID_BYTES));
    expect(await unseal(ring, foreign)).toBeNull();
    expect(await unseal(ring, claimed)).toBeNull();
  });
});

describe("changing keys", () => {
  test("a key added in front seals from now on, and texts sealed before still open", async () => {
    const [before, after] = await Promise.all([ringOf(PURPOSE, 1), ringOf(PURPOSE, 2, 1)]);
    const old = await seal(before.sealing, MESSAGE);
    const opened = await unseal(after, old);
    expect(opened).toEqual({ plaintext: MESSAGE, keyId: before.sealing.id });
    const fresh = await seal(after.sealing, MESSAGE);
    expect(await unseal(before, fresh)).toBeNull();
    expect((await unseal(after, fresh))?.keyId).toBe(after.sealing.id);
  });

  test("a retired key opens nothing", async () => {
    const [before, after] = await Promise.all([ringOf(PURPOSE, 2, 1), ringOf(PURPOSE, 3, 2)]);
    const key = before.keys.get((await ringOf(PURPOSE, 1)).sealing.id);
    if (key === undefined) throw new Error("the ring lacks its second key");
    const sealed = await seal(key, MESSAGE);
    expect((await unseal(before, sealed))?.plaintext).toEqual(MESSAGE);
    expect(await unseal(after, sealed)).toBeNull();
  });
});
