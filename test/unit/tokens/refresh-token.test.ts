import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { concat, fromHex, toBase64Url, utf8 } from "../../../src/crypto/bytes.ts";
import { seal, sealToken, unsealToken } from "../../../src/crypto/seal.ts";
import { SCOPE_LENGTH_MAX } from "../../../src/protocol/scope.ts";
import {
  PLAIN_LOGIN,
  REFRESH_TOKEN_PURPOSE,
  type RefreshToken,
  sealRefreshToken,
  unsealRefreshToken,
} from "../../../src/tokens/refresh-token.ts";
import { ringOf } from "../../support/rings.ts";
import { otherSpellings, withOneCharacterReplaced } from "../../support/tampering.ts";

const textOf = (characters: string, lengths: fc.StringConstraints) => {
  return fc.string({ ...lengths, unit: fc.constantFrom(...characters) });
};
const name = textOf("azAZ09 :/+%=é密\u{1f511}", { maxLength: 60 });
const scopeToken = textOf("azAZ09:/.,!~[]", { minLength: 1, maxLength: 20 });
const instant = fc.integer({ min: 0, max: 8.64e15 });

const content: fc.Arbitrary<RefreshToken> = fc.record({
  familyId: textOf("0123456789abcdef", { minLength: 64, maxLength: 64 }),
  generation: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  clientId: name,
  subject: fc.oneof(fc.uuid(), name),
  scope: fc.uniqueArray(scopeToken, { maxLength: 8 }),
  resources: fc.uniqueArray(fc.webUrl(), { maxLength: 3 }),
  createdAtMs: instant,
  issuedAtMs: instant,
  sessionId: fc.option(name),
  authenticatedAtMs: fc.option(instant),
  claimNames: fc.option(fc.constantFrom(["email"], ["name", "email"])),
  keyThumbprint: fc.option(name),
});

const EXAMPLE: RefreshToken = {
  familyId: "0123456789abcdef".repeat(4),
  generation: 7,
  clientId: "client",
  subject: "b7b8a1de-5f0c-4d6c-9d63-8f5b3a1d2e4f",
  scope: ["read", "write"],
  ...PLAIN_LOGIN,
  createdAtMs: 1_800_000_000_000,
  issuedAtMs: 1_800_000_600_000,
};
const ring = await ringOf(REFRESH_TOKEN_PURPOSE, 1);
const token = await sealRefreshToken(ring.sealing, EXAMPLE);

describe("a refresh token", () => {
  test("contains what was sealed, and is the same each time", async () => {
    await fc.assert(
      fc.asyncProperty(content, async (said) => {
        const sealed = await sealRefreshToken(ring.sealing, said);
        expect(sealed).toMatch(/^tgr_[\w-]+$/);
        expect(await unsealRefreshToken(ring, sealed)).toEqual(said);
        expect(await sealRefreshToken(ring.sealing, said)).toBe(sealed);
      }),
    );
  });

  test("differs when any of its contents differs", async () => {
    const changes: Partial<RefreshToken>[] = [
      { familyId: "f".repeat(64) },
      { generation: 8 },
      { clientId: "Client" },
      { subject: "another" },
      { scope: ["write", "read"] },
      { scope: ["read"] },
      { resources: ["https://api.example.com"] },
      { resources: ["https://other.example.com"] },
      { sessionId: "session" },
      { authenticatedAtMs: 0 },
      { claimNames: ["email"] },
      { keyThumbprint: "thumbprint" },
      { createdAtMs: EXAMPLE.createdAtMs + 1 },
      { issuedAtMs: EXAMPLE.issuedAtMs + 1 },
    ];
    const tokens = changes.map((change) =>
      sealRefreshToken(ring.sealing, { ...EXAMPLE, ...change }),
    );
    expect(new Set([token, ...(await Promise.all(tokens))]).size).toBe(changes.length + 1);
  });

  test("without a resource is the same bytes as before resources existed", async () => {
    const ofBefore = concat(
      Uint8Array.of(1),
      fromHex(EXAMPLE.familyId) ?? [],
      fromHex("00000007427a3185c5000000427a3186577c0000") ?? [],
      utf8(["client", EXAMPLE.subject, "read write"].join("\0")),
    );
    const sealed = await sealToken("tgr_", ring.sealing, ofBefore);
    expect(sealed).toBe(token);
    expect(await unsealRefreshToken(ring, sealed)).toEqual(EXAMPLE);
  });

  describe("of version 2", () => {
    const NEW: RefreshToken = {
      ...EXAMPLE,
      resources: ["https://api.example.com"],
      sessionId: "s",
    };
    const head = async () => {
      const opened = await unsealToken("tgr_", ring, await sealRefreshToken(ring.sealing, NEW));
      return new Uint8Array(opened?.plaintext ?? []);
    };

    test("contains more than version 1 can", async () => {
      const said = new TextDecoder().decode((await head()).subarray(53));
      expect((await head())[0]).toBe(2);
      expect(said).toBe(
        `\u0001\0\u0006client\u0002\0$${EXAMPLE.subject}\u0003\0\nread write` +
          "\u0004\0\u0017https://api.example.com\u0005\0\u0001s",
      );
    });

    test.each<[string, (bytes: Uint8Array) => Uint8Array]>([
      ["an unknown tag", (bytes) => concat(bytes, [9, 0, 1, 65])],
      ["a tag twice", (bytes) => concat(bytes, [5, 0, 1, 65])],
      ["a field that is cut short", (bytes) => bytes.subarray(0, -1)],
      ["a tag without a length", (bytes) => concat(bytes, [6])],
      ["a text that is not UTF-8", (bytes) => concat(bytes, [7, 0, 1, 255])],
      ["another version", (bytes) => concat([3], bytes.subarray(1))],
    ])("is not valid with %s", async (_, change) => {
      const sealed = await sealToken("tgr_", ring.sealing, concat(change(await head())));
      expect(await unsealRefreshToken(ring, sealed)).toBeNull();
    });
  });

  test("does not show its content", async () => {
    const plain = Buffer.from(token.slice(4), "base64url").toString("latin1");
    for (const part of [EXAMPLE.clientId, EXAMPLE.subject.slice(0, 8), "read"]) {
      expect(plain).not.toContain(part);
    }
  });

  test("cannot be made with a family id that is not 32 bytes", async () => {
    for (const familyId of ["", "00", "0".repeat(62), "0".repeat(66), "x".repeat(64)]) {
      const sealing = async () => sealRefreshToken(ring.sealing, { ...EXAMPLE, familyId });
      await expect(sealing()).rejects.toThrow(TypeError);
    }
  });
});

describe("no refresh token is", () => {
  test("one with any one character replaced", async () => {
    for (const altered of withOneCharacterReplaced(token)) {
      expect(await unsealRefreshToken(ring, altered), altered).toBeNull();
    }
  });

  test("one cut short, at each length and at either end", async () => {
    for (let length = 0; length < token.length; length += 1) {
      expect(await unsealRefreshToken(ring, token.slice(0, length)), `first ${length}`).toBeNull();
      const tail = token.slice(token.length - length);
      expect(await unsealRefreshToken(ring, tail), `last ${length}`).toBeNull();
    }
  });

  test("one in another encoding, with any unused bits in its last character", async () => {
    for (const clientId of ["c", "cc", "ccc"]) {
      const sealed = await sealRefreshToken(ring.sealing, { ...EXAMPLE, clientId });
      for (const spelling of otherSpellings(sealed)) {
        expect(await unsealRefreshToken(ring, spelling), spelling).toBeNull();
      }
    }
  });

  test("longer than 4,096 characters", async () => {
    const long = toBase64Url(await seal(ring.sealing, new Uint8Array(3046)));
    expect(await unsealToken("tgr_", ring, `tgr_${long}`)).toBeNull();
    const within = await sealToken("tgr_", ring.sealing, new Uint8Array(3045));
    expect(within.length).toBe(4096);
    expect(await unsealToken("tgr_", ring, within)).not.toBeNull();
  });

  test.each([
    ["nothing", []],
    ["another version", [2, ...new Uint8Array(52), ...utf8("client\0subject\0read")]],
    ["a header cut short", [1, ...new Uint8Array(51)]],
    ["no subject", [1, ...new Uint8Array(52), ...utf8("client")]],
    [
      "a scope of invalid characters",
      [1, ...new Uint8Array(52), ...utf8('client\0subject\0"read"')],
    ],
    ["names that are not UTF-8", [1, ...new Uint8Array(52), 0xff, 0, 0x61, 0, 0x61]],
  ])("a text that the right key sealed, with %s inside", async (_what, plaintext) => {
    const sealed = await sealToken("tgr_", ring.sealing, concat(plaintext));
    expect(await unsealToken("tgr_", ring, sealed)).not.toBeNull();
    expect(await unsealRefreshToken(ring, sealed)).toBeNull();
  });
});

describe("the longest refresh token", () => {
  const longest: RefreshToken = {
    ...EXAMPLE,
    clientId: "c".repeat(255),
    subject: "s".repeat(255),
    scope: ["x".repeat(SCOPE_LENGTH_MAX)],
  };

  test("can be read", async () => {
    const sealed = await sealRefreshToken(ring.sealing, longest);
    expect(await unsealRefreshToken(ring, sealed)).toEqual(longest);
  });

  test("is not written if it is too long to read", async () => {
    const subject = "s".repeat(2000);
    await expect(sealRefreshToken(ring.sealing, { ...longest, subject })).rejects.toThrow(
      RangeError,
    );
  });
});
