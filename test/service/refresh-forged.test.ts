import { env } from "cloudflare:workers";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { type Bytes, fromBase64Url, toBase64Url } from "../../src/crypto/bytes.ts";
import { deriveKeyRing, parseRingKeys, seal, unseal } from "../../src/crypto/seal.ts";
import { ACCESS_TOKEN_PURPOSE } from "../../src/tokens/access-token.ts";
import {
  REFRESH_TOKEN_PURPOSE,
  type RefreshToken,
  sealRefreshToken,
  unsealRefreshToken,
} from "../../src/tokens/refresh-token.ts";
import { anyText } from "../support/arbitraries.ts";
import { createCountedService } from "../support/counting.ts";
import { granted, logIn, refresh } from "../support/requests.ts";
import { INVALID_GRANT, SUCCESS } from "../support/responses.ts";
import { ringOf } from "../support/rings.ts";
import { createService, registerDefaults } from "../support/service.ts";

const PREFIX = "tgr_";
const { service, costOf } = createCountedService();

let real: string;
let accessToken: string;
let sealed: Bytes;

beforeAll(async () => {
  await registerDefaults(service);
  ({ refresh_token: real, access_token: accessToken } = await logIn(service));
  sealed = fromBase64Url(real.slice(PREFIX.length)) as Bytes;
});

/** The service's own ring of that purpose. */
function serviceRing(purpose: string) {
  return deriveKeyRing(parseRingKeys(env.TOKEN_KEYS) as Bytes[], purpose);
}

/** The Worker alone rejects it: it looks at the client and at nothing else. */
async function expectForged(token: string): Promise<void> {
  const { answer, cost } = await costOf(() => refresh(service, token));
  expect({ answer, cost }).toEqual({ answer: INVALID_GRANT, cost: { "d1.batch": 1 } });
}

describe("a made-up refresh token is rejected by the Worker alone", () => {
  test("when it is any text", async () => {
    const texts = anyText().filter((text) => text !== "");
    await fc.assert(fc.asyncProperty(texts, expectForged));
  });

  test("when it is random bytes behind the prefix", async () => {
    const tokens = fc.uint8Array({ maxLength: 300 }).map((bytes) => PREFIX + toBase64Url(bytes));
    await fc.assert(fc.asyncProperty(tokens, expectForged));
  });

  test("when it is random bytes behind the prefix and the id of a key", async () => {
    const keyId = sealed.slice(0, 4);
    const tokens = fc
      .uint8Array({ maxLength: 300 })
      .map((bytes) => PREFIX + toBase64Url(Uint8Array.from([...keyId, ...bytes])));
    await fc.assert(fc.asyncProperty(tokens, expectForged));
  });

  test("when it is longer than any token", async () => {
    for (const length of [4096, 4097, 15_000]) await expectForged(PREFIX + "A".repeat(length));
  });
});

describe("an altered refresh token is rejected by the Worker alone", () => {
  test("when any one bit is flipped", async () => {
    const bit = fc.integer({ min: 0, max: sealed.length * 8 - 1 });
    const flip = (index: number) => {
      const flipped = sealed.slice();
      flipped[index >> 3] = (flipped[index >> 3] ?? 0) ^ (1 << (index & 7));
      return expectForged(PREFIX + toBase64Url(flipped));
    };
    await fc.assert(fc.asyncProperty(bit, flip));
  });

  test("when any one character is another", async () => {
    const index = fc.integer({ min: 0, max: real.length - 1 });
    const character = fc.constantFrom(..."AZaz09-_+/=. \0é");
    const replace = async (index: number, other: string) => {
      fc.pre(real[index] !== other);
      await expectForged(real.slice(0, index) + other + real.slice(index + 1));
    };
    await fc.assert(fc.asyncProperty(index, character, replace));
  });

  test("when it is cut short anywhere, at either end", async () => {
    const length = fc.integer({ min: 1, max: real.length - 1 });
    const cut = async (count: number) => {
      await expectForged(real.slice(0, count));
      await expectForged(real.slice(count));
    };
    await fc.assert(fc.asyncProperty(length, cut));
  });

  test("when it is spelled otherwise", async () => {
    const bare = real.slice(PREFIX.length);
    const last = real.at(-1) ?? "";
    const padding = "=".repeat((4 - (bare.length % 4)) % 4);
    const spellings = [
      ` ${real}`,
      `${real} `,
      `${real}\n`,
      `${real}=`,
      `${real}${padding || "===="}`,
      `${real}A`,
      `${real}AAAA`,
      real.toUpperCase(),
      bare,
      `TGR_${bare}`,
      PREFIX + real,
      `${PREFIX}${btoa(String.fromCharCode(...sealed))}`,
      `${real.slice(0, 40)}%${real.slice(40)}`,
      `${real},${real}`,
      `Bearer ${real}`,
    ];
    // Where the bytes do not fill the last character, its unused bits must be zero.
    if (bare.length % 4 !== 0) {
      const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
      spellings.push(real.slice(0, -1) + alphabet[alphabet.indexOf(last) + 1]);
    }
    for (const spelling of spellings.filter((text) => text !== real)) {
      await expectForged(spelling);
    }
  });
});

describe("a refresh token of another make is rejected by the Worker alone", () => {
  test("when it is an access token, whatever prefix it has", async () => {
    await expectForged(accessToken);
    await expectForged(accessToken.replace("tga_", PREFIX));
    await expectForged(real.replace(PREFIX, "tga_"));
  });

  test("when it has every right word under another key", async () => {
    const token = await unsealRefreshToken(await serviceRing(REFRESH_TOKEN_PURPOSE), real);
    const { sealing } = await ringOf(REFRESH_TOKEN_PURPOSE, 7);
    await expectForged(await sealRefreshToken(sealing, token as RefreshToken));
  });

  test("when it has every right word under another key that claims the right id", async () => {
    const token = await unsealRefreshToken(await serviceRing(REFRESH_TOKEN_PURPOSE), real);
    const { id } = (await serviceRing(REFRESH_TOKEN_PURPOSE)).sealing;
    const { sealing } = await ringOf(REFRESH_TOKEN_PURPOSE, 7);
    await expectForged(await sealRefreshToken({ ...sealing, id }, token as RefreshToken));
  });

  test("when it has every right word under the key of another purpose", async () => {
    const opened = await unseal(await serviceRing(REFRESH_TOKEN_PURPOSE), sealed);
    const { sealing } = await serviceRing(ACCESS_TOKEN_PURPOSE);
    const resealed = await seal(sealing, opened?.plaintext as Bytes);
    await expectForged(PREFIX + toBase64Url(resealed));
  });
});

test("after all of that the real token is still good", async () => {
  real = granted(await refresh(service, real)).refresh_token;
});

describe("the key that sealed a refresh token", () => {
  const NEW_KEY = "a7".repeat(32);

  test("may be followed by another, and then opens it still", async () => {
    const rotated = createService({ TOKEN_KEYS: `${NEW_KEY},${env.TOKEN_KEYS}` });
    const { refresh_token } = await logIn(service);
    const answer = await refresh(rotated, refresh_token);
    expect(answer).toEqual(SUCCESS);
    const newer = createService({ TOKEN_KEYS: NEW_KEY });
    expect(await refresh(newer, granted(answer).refresh_token)).toEqual(SUCCESS);
  });

  test("once retired opens it no more, and costs no more than a forged one", async () => {
    const newer = createCountedService({ TOKEN_KEYS: NEW_KEY });
    await logIn(newer.service);
    const { refresh_token } = await logIn(service);
    const { answer, cost } = await newer.costOf(() => refresh(newer.service, refresh_token));
    expect({ answer, cost }).toEqual({ answer: INVALID_GRANT, cost: { "d1.batch": 1 } });
    expect(await refresh(service, refresh_token)).toEqual(SUCCESS);
  });
});
