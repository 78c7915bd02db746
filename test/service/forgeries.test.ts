import { createExecutionContext } from "cloudflare:test";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { createJwksVerifier } from "../../src/resource-server/jwks-verifier.ts";
import { TokenVerifier } from "../../src/rpc/token-verifier.ts";
import { askByAssertion, newAssertion, registerKeyClient } from "../support/assertions.ts";
import {
  API,
  ISSUER,
  introspect,
  JWT_CLIENT,
  registerCheckers,
  stubFetchFrom,
  TOKENS,
} from "../support/checks.ts";
import { type Cost, createCountedService } from "../support/counting.ts";
import { ALG_CONFUSION, FORGERIES, type Genuine } from "../support/forgeries.ts";
import { INVALID_JWTS, typedAs, withClaims, without } from "../support/invalid-jwts.ts";
import { readJws, signer, writeJws } from "../support/jws.ts";
import { keySet, newKey, serviceKey } from "../support/keys.ts";
import { logIn } from "../support/requests.ts";
import { INVALID_CLIENT } from "../support/responses.ts";
import { createService, registerDefaults } from "../support/service.ts";
import { otherSpellings } from "../support/tampering.ts";

const NOT_ACCESS_TOKENS = [
  ...typedAs(undefined, "JWT", "jwt", "at", "at+jwt2", "id_token+jwt", "logout+jwt", "", null, 1),
  ...without("iat", "sub", "jti", "aud", "client_id"),
  withClaims("jti of another maker", { jti: crypto.randomUUID() }),
  withClaims("jti that is a number", { jti: 1 }),
];

const NOT_ASSERTIONS = [
  ...typedAs("at+jwt", "AT+JWT", "application/at+jwt", "logout+jwt", "dpop+jwt", "", null, 1),
  ...without("iss", "sub", "aud", "jti"),
  withClaims("an empty jti", { jti: "" }),
  withClaims("jti that is a number", { jti: 1 }),
  withClaims("jti of 257 characters", { jti: "x".repeat(257) }),
  withClaims("another iss than sub", { iss: "another issuer" }),
];

const counted = createCountedService();
const clientKey = newKey();

beforeAll(async () => {
  await registerDefaults(createService());
  await registerCheckers();
  await registerKeyClient(createService(), "signer", await clientKey);
  stubFetchFrom(createService());
  // From now on the resource server's secret costs no PBKDF2.
  await introspect(counted.service, "anything");
});
afterAll(() => {
  vi.unstubAllGlobals();
});

/** What a receiver made of a token, and what it asked storage for. */
interface Reception {
  readonly isAccepted: boolean;
  readonly verdict: unknown;
  readonly cost: Cost;
}

type Receive = (token: string) => Promise<Reception>;

const jwksVerifier = createJwksVerifier({ issuer: ISSUER, audience: API });

function byRpc(consistency: "fast" | "strict"): Receive {
  const direct = new TokenVerifier(createExecutionContext(), counted.service.env);
  return async (token) => {
    const { cost, answer } = await counted.costOf(() => direct.verify(token, { consistency }));
    const verdict = await TOKENS.verify(token, { consistency });
    expect(verdict).toEqual(answer);
    return { isAccepted: verdict.kind === "verified", verdict, cost };
  };
}

const RECEIVERS: Readonly<Record<string, { receive: Receive; refused: unknown; cost: Cost }>> = {
  introspection: {
    async receive(token) {
      const { answer, cost } = await counted.costOf(() => introspect(counted.service, token));
      const { active } = answer.body as { active: boolean };
      return { isAccepted: active, verdict: answer.body, cost };
    },
    refused: { active: false },
    // The caller's own lookup.
    cost: { "d1.batch": 1 },
  },
  "TokenVerifier, fast": { receive: byRpc("fast"), refused: { kind: "invalid_token" }, cost: {} },
  "TokenVerifier, strict": {
    receive: byRpc("strict"),
    refused: { kind: "invalid_token" },
    cost: {},
  },
  createJwksVerifier: {
    async receive(token) {
      // Without the reason, which is for developers and depends on the forgery.
      const { kind } = await jwksVerifier.verify(token, {});
      return { isAccepted: kind === "verified", verdict: { kind }, cost: {} };
    },
    refused: { kind: "invalid_token" },
    cost: {},
  },
};

async function genuineAccessToken(): Promise<Genuine> {
  const { access_token: token } = await logIn(createService(), {}, JWT_CLIENT);
  return { token, key: serviceKey(), ...readJws(token) };
}

describe.each(Object.entries(RECEIVERS))("a JWT access token at %s", (name, receiver) => {
  const { receive, refused, cost } = receiver;
  const genuine = genuineOnce(genuineAccessToken);

  test("is accepted as it was issued, and when its key signs the same again", async () => {
    const { token, header, payload, key } = await genuine();
    expect(await receive(token)).toMatchObject({ isAccepted: true });
    const again = await writeJws(header, payload, signer(key));
    expect(await receive(again)).toMatchObject({ isAccepted: true });
  });

  test.each(FORGERIES)("is rejected without a call to storage: %s", async (_, forge) => {
    const forged = await forge(await genuine());
    expect(await receive(forged)).toEqual({ isAccepted: false, verdict: refused, cost });
  });

  const unchecked =
    name === "createJwksVerifier" ? ["jti of another maker", "jti that is a number"] : [];
  const signed = [...INVALID_JWTS, ...NOT_ACCESS_TOKENS].filter(
    ([what]) => !unchecked.includes(what),
  );
  test.each(signed)("is rejected though its key signed it: %s", async (_, forge) => {
    const forged = await forge(await genuine());
    expect(await receive(forged)).toEqual({ isAccepted: false, verdict: refused, cost });
  });

  test("is rejected in any other spelling", async () => {
    const { token } = await genuine();
    for (const spelling of otherSpellings(token)) {
      const reception = await receive(spelling);
      expect({ spelling, ...reception }).toMatchObject({ isAccepted: false, verdict: refused });
    }
  });
});

test.each(ALG_CONFUSION.filter(([name]) => name.startsWith("HS")))(
  "an RSA key is no shared secret either: %s",
  async (_, forge) => {
    const key = await newKey("RS256");
    const { service, costOf } = createCountedService({ SIGNING_KEYS: keySet(key) });
    const { access_token: token } = await logIn(service, {}, JWT_CLIENT);
    const verifier = new TokenVerifier(createExecutionContext(), service.env);
    expect(await verifier.verify(token)).toMatchObject({ kind: "verified" });
    const forged = await forge({ token, key, ...readJws(token) });
    const { answer, cost } = await costOf(() => verifier.verify(forged));
    expect({ answer, cost }).toEqual({ answer: { kind: "invalid_token" }, cost: {} });
  },
);

describe("a client assertion", () => {
  const genuine = async (): Promise<Genuine> => {
    const token = await newAssertion("signer", await clientKey);
    return { token, key: await clientKey, ...readJws(token) };
  };
  const receive = (assertion: string) => {
    return counted.costOf(() => askByAssertion(counted.service, assertion));
  };

  test("is accepted, also when its key signs another or says that it is an assertion", async () => {
    const { token, header, payload, key } = await genuine();
    expect(await receive(token)).toMatchObject({ answer: { status: 200 } });
    const another = await writeJws(header, { ...payload, jti: "another" }, signer(key));
    expect(await receive(another)).toMatchObject({ answer: { status: 200 } });
    for (const typ of ["JWT", "client-authentication+jwt"]) {
      const typed = await newAssertion("signer", key, {}, { typ });
      expect(await receive(typed)).toMatchObject({ answer: { status: 200 } });
    }
  });

  test.each([...FORGERIES, ...INVALID_JWTS, ...NOT_ASSERTIONS])(
    "is rejected and not remembered: %s",
    async (_, forge) => {
      const { answer, cost } = await receive(await forge(await genuine()));
      expect(answer).toEqual(INVALID_CLIENT);
      expect([{}, { "d1.batch": 1 }]).toContainEqual(cost);
    },
  );
});

/** One token for a group of tests: none of them changes it. */
function genuineOnce(make: () => Promise<Genuine>): () => Promise<Genuine> {
  let made: Promise<Genuine> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
