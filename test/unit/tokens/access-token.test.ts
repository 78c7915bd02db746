import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { concat, fromBase64Url, secureRandom, toHex } from "../../../src/crypto/bytes.ts";
import { sealToken, unsealToken } from "../../../src/crypto/seal.ts";
import {
  ACCESS_TOKEN_PURPOSE,
  type AccessTokenReference,
  NONCE_BYTES,
  type OpaqueAccessToken,
  type SingleReference,
  sealAccessToken,
  unsealAccessToken,
} from "../../../src/tokens/access-token.ts";
import {
  PLAIN_LOGIN,
  REFRESH_TOKEN_PURPOSE,
  sealRefreshToken,
  unsealRefreshToken,
} from "../../../src/tokens/refresh-token.ts";
import { anyText } from "../../support/arbitraries.ts";
import { ringOf } from "../../support/rings.ts";
import { otherSpellings, withOneCharacterReplaced } from "../../support/tampering.ts";

const hexOf = (bytes: number) => {
  return fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((data) => toHex(data));
};
const reference: fc.Arbitrary<AccessTokenReference> = fc.oneof(
  fc.record({
    kind: fc.constant("family" as const),
    familyId: hexOf(32),
    generation: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  }),
  fc.record({
    kind: fc.constant("single" as const),
    nonce: hexOf(NONCE_BYTES),
    owner: hexOf(8),
    authorizedAtMs: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
  }),
);

const content = fc.record({
  clientId: anyText(100),
  subject: fc.option(anyText(100)),
  scope: anyText(100),
  audience: fc.option(anyText(100)),
  claims: fc.constant({}),
  issuedAtMs: fc.maxSafeNat(),
  expiresAtMs: fc.maxSafeNat(),
});
const anyToken: fc.Arbitrary<OpaqueAccessToken> = fc.record({
  reference,
  content: fc.option(content),
});

const FAMILY_ID = "0123456789abcdef".repeat(4);
const FAMILY: AccessTokenReference = { kind: "family", familyId: FAMILY_ID, generation: 7 };
const SINGLE: SingleReference = {
  kind: "single",
  nonce: "5a".repeat(NONCE_BYTES),
  owner: "0123456789abcdef",
  authorizedAtMs: 1_800_000_000_123,
};

const [ring, refreshRing] = await Promise.all([
  ringOf(ACCESS_TOKEN_PURPOSE, 1),
  ringOf(REFRESH_TOKEN_PURPOSE, 1),
]);
const GRANTED = {
  clientId: "client",
  subject: null,
  scope: "read write",
  audience: null,
  claims: {},
  issuedAtMs: 1_800_000_000_123,
  expiresAtMs: 1_800_003_600_123,
};
const bare = (said: AccessTokenReference) => ({ reference: said, content: null });
const sealAll = (said: readonly OpaqueAccessToken[]) => {
  return Promise.all(said.map((one) => sealAccessToken(ring.sealing, one)));
};
/** As the previous version made them, and as this one does. */
const tokens = await sealAll([bare(FAMILY), bare(SINGLE), { reference: SINGLE, content: GRANTED }]);

describe("an access token", () => {
  test("contains what was sealed, and is the same each time", async () => {
    await fc.assert(
      fc.asyncProperty(anyToken, async (said) => {
        const sealed = await sealAccessToken(ring.sealing, said);
        expect(sealed).toMatch(/^tga_[\w-]+$/);
        expect(await unsealAccessToken(ring, sealed)).toEqual(said);
        expect(await sealAccessToken(ring.sealing, said)).toBe(sealed);
      }),
    );
  });

  test("differs when any of its contents differs", async () => {
    const references: AccessTokenReference[] = [
      { ...FAMILY, generation: 8 },
      { ...FAMILY, familyId: "f".repeat(64) },
      { ...SINGLE, nonce: toHex(secureRandom(NONCE_BYTES)) },
      { ...SINGLE, owner: "f".repeat(16) },
      { ...SINGLE, authorizedAtMs: SINGLE.authorizedAtMs + 1 },
    ];
    const contents = [
      { clientId: "other" },
      { subject: "client" },
      { scope: "read" },
      { audience: "" },
      { issuedAtMs: 0 },
      { expiresAtMs: 0 },
    ].map((other) => ({ reference: SINGLE, content: { ...GRANTED, ...other } }));
    const sealed = await sealAll([...references.map(bare), ...contents]);
    expect(new Set([...tokens, ...sealed]).size).toBe(14);
  });

  test("has at least 160 unpredictable bits, and is short", () => {
    expect(NONCE_BYTES * 8).toBe(160);
    for (const token of tokens) {
      const bytes = fromBase64Url(token.slice("tga_".length));
      expect(bytes?.length).toBeGreaterThanOrEqual(4 + 20);
      expect(token.length).toBeLessThan(200);
    }
  });

  test("cannot be made with a family id, nonce, owner or time of another length", async () => {
    const invalid: AccessTokenReference[] = [
      { kind: "family", familyId: FAMILY_ID.slice(2), generation: 0 },
      { kind: "family", familyId: `${FAMILY_ID}00`, generation: 0 },
      { kind: "family", familyId: "x".repeat(64), generation: 0 },
      { ...SINGLE, nonce: "" },
      { ...SINGLE, nonce: FAMILY_ID },
      { ...SINGLE, owner: "0123" },
      { ...SINGLE, authorizedAtMs: 2 ** 48 },
      { ...SINGLE, authorizedAtMs: 0.5 },
      { ...SINGLE, authorizedAtMs: -1 },
    ];
    for (const said of invalid) {
      const sealing = async () => sealAccessToken(ring.sealing, bare(said));
      await expect(sealing()).rejects.toThrow(TypeError);
    }
  });
});

describe("no access token is", () => {
  test("one with any one character replaced, or cut short at any length", async () => {
    for (const token of tokens) {
      for (const altered of withOneCharacterReplaced(token)) {
        expect(await unsealAccessToken(ring, altered), altered).toBeNull();
      }
      for (let length = 0; length < token.length; length += 1) {
        expect(await unsealAccessToken(ring, token.slice(0, length)), `${length}`).toBeNull();
      }
    }
  });

  test("one in another encoding", async () => {
    for (const spelling of tokens.flatMap(otherSpellings)) {
      expect(await unsealAccessToken(ring, spelling), spelling).toBeNull();
    }
  });

  test.each([
    ["nothing", []],
    ["another kind", [3, ...new Uint8Array(36)]],
    ["a family id cut short", [1, ...new Uint8Array(35)]],
    ["a family and more", [1, ...new Uint8Array(37)]],
    ["a short single", [2, ...new Uint8Array(33)]],
    ["a nonce alone", [2, ...new Uint8Array(20)]],
    ["a single as long as a family", [2, ...new Uint8Array(36)]],
    ["a family as short as a single", [1, ...new Uint8Array(34)]],
    ["a family without its content", [4, 37, 1, ...new Uint8Array(36)]],
    ["a content of a client alone", [4, 37, 1, ...new Uint8Array(36), 1, 0, 1, 120]],
  ])("a text that the right key sealed, with %s inside", async (_what, plaintext) => {
    const sealed = await sealToken("tga_", ring.sealing, concat(plaintext));
    expect(await unsealToken("tga_", ring, sealed)).not.toBeNull();
    expect(await unsealAccessToken(ring, sealed)).toBeNull();
  });
});

describe("an access token and a refresh token", () => {
  test("are never accepted for each other, with either prefix", async () => {
    const refresh = await sealRefreshToken(refreshRing.sealing, {
      familyId: FAMILY_ID,
      generation: 7,
      clientId: "client",
      subject: "subject",
      ...PLAIN_LOGIN,
      scope: ["read"],
      createdAtMs: 0,
      issuedAtMs: 0,
    });
    expect(await unsealRefreshToken(refreshRing, refresh)).not.toBeNull();
    for (const spelling of [refresh, refresh.replace("tgr_", "tga_"), refresh.slice(4)]) {
      expect(await unsealAccessToken(ring, spelling)).toBeNull();
    }
    for (const access of tokens) {
      for (const spelling of [access, access.replace("tga_", "tgr_"), access.slice(4)]) {
        expect(await unsealRefreshToken(refreshRing, spelling)).toBeNull();
      }
    }
  });

  test("are distinguished by the prefix alone and by the ring alone", async () => {
    const plaintext = concat([1], new Uint8Array(36));
    const sameRing = await sealToken("tgr_", ring.sealing, plaintext);
    const samePrefix = await sealToken("tga_", refreshRing.sealing, plaintext);
    expect(await unsealAccessToken(ring, sameRing)).toBeNull();
    expect(await unsealAccessToken(ring, samePrefix)).toBeNull();
  });
});
