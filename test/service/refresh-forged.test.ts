import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { type Bytes, fromBase64Url, toBase64Url } from "../../src/crypto/bytes.ts";
import { deriveKeyRing, parseRingKeys } from "../../src/crypto/key-ring.ts";
import { seal, unseal } from "../../src/crypto/seal.ts";
import { ACCESS_TOKEN_PURPOSE } from "../../src/tokens/access-token.ts";
import { REFRESH_TOKEN_PURPOSE } from "../../src/tokens/refresh-token.ts";
import { createCountedService } from "../support/counting.ts";
import { FORGED_KINDS, makeSpecimens, type Specimens } from "../support/forged-tokens.ts";
import { granted, logIn, refresh } from "../support/requests.ts";
import { INVALID_GRANT, SUCCESS } from "../support/responses.ts";
import { createService } from "../support/service.ts";

const PREFIX = "tgr_";
const { service, costOf } = createCountedService();
let specimens: Specimens;

beforeAll(async () => {
  specimens = await makeSpecimens();
  await refresh(service, "anything");
});

/** The Worker alone rejects it: it looks at the client and at nothing else. */
async function expectForged(token: string): Promise<void> {
  const { answer, cost } = await costOf(() => refresh(service, token));
  expect({ token, answer, cost }).toEqual({
    token,
    answer: INVALID_GRANT,
    cost: { "d1.batch": 1 },
  });
}

/** `test/proofs/forged-tokens.test.ts` presents all of each kind, at every interface. */
describe("a forged refresh token is rejected by the Worker alone:", () => {
  test.each(Object.entries(FORGED_KINDS))("%s", async (_, make) => {
    const forged = await make(specimens);
    const step = Math.ceil(forged.length / 10);
    for (const token of forged.filter((_, index) => index % step === 0)) await expectForged(token);
  });

  test("sealed with the right content under the key of another purpose", async () => {
    const ringOf = (purpose: string) => {
      return deriveKeyRing(parseRingKeys(env.TOKEN_KEYS) as Bytes[], purpose);
    };
    const sealed = fromBase64Url(specimens.refresh.slice(PREFIX.length)) as Bytes;
    const opened = await unseal(await ringOf(REFRESH_TOKEN_PURPOSE), sealed);
    const { sealing } = await ringOf(ACCESS_TOKEN_PURPOSE);
    await expectForged(PREFIX + toBase64Url(await seal(sealing, opened?.plaintext as Bytes)));
  });

  test("and the real one stays valid", async () => {
    granted(await refresh(service, specimens.refresh));
  });
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
