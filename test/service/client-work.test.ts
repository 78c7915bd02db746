import { beforeAll, describe, expect, test } from "vitest";
import { newAssertion, registerKeyClient } from "../support/assertions.ts";
import { createCountedService } from "../support/counting.ts";
import type { Claims } from "../support/jws.ts";
import { type Algorithm, newKey } from "../support/keys.ts";
import { basic, type Fields, post } from "../support/requests.ts";
import { INVALID_CLIENT } from "../support/responses.ts";
import { createService, OWN, registerDefaults } from "../support/service.ts";
import { clientOfTwoSecrets } from "../support/two-secrets.ts";
import { webCryptoCallsOf } from "../support/webcrypto-calls.ts";

const service = createService();
const keys = { ES256: newKey("ES256"), EdDSA: newKey("EdDSA"), RS256: newKey("RS256") };

beforeAll(async () => {
  await registerDefaults(service);
  await service.register({
    clients: [
      { client_id: "off", client_secret: "secret", disabled: true },
      { client_id: "off-public", token_endpoint_auth_method: "none", disabled: true },
      await clientOfTwoSecrets("two"),
    ],
  });
  await registerKeyClient(service, "by-key", await keys.ES256, await keys.EdDSA, await keys.RS256);
  await registerKeyClient(service, "by-another-key", await newKey("ES256"));
  await registerKeyClient(service, "off-by-key", await keys.ES256);
  await service.env.DB.exec("UPDATE clients SET disabled = 1 WHERE client_id = 'off-by-key'");
});

/** What a rejected request costs, storage and WebCrypto. */
async function costOf(fields: Fields, headers: HeadersInit = {}) {
  const counted = createCountedService();
  // The first request makes the keys of the isolate.
  await counted.service.fetch("/healthz");
  await post(counted.service, new URLSearchParams({ ...OWN, client_id: "nobody" }));
  let storage = {};
  const webCrypto = await webCryptoCallsOf(async () => {
    const { answer, cost } = await counted.costOf(() => {
      return post(counted.service, new URLSearchParams({ ...OWN, ...fields }), headers);
    });
    expect(answer).toEqual(INVALID_CLIENT);
    storage = cost;
  });
  return { storage, webCrypto };
}

test("a client whose secret was rotated has two that are right", async () => {
  for (const secret of ["the old secret", "the new secret"]) {
    const answer = await post(service, new URLSearchParams(OWN), basic(`two:${secret}`));
    expect(answer).toMatchObject({ status: 200 });
  }
});

describe("a rejected client costs what an unknown one does", () => {
  const longSecret = "x".repeat(5000);

  test.each<[string, string, readonly string[]]>([
    [
      "with a secret",
      "wrong",
      ["client", "off", "two", "public", "off-public", "by-key", "off-by-key"],
    ],
    ["with a secret that is too long", longSecret, ["client", "off", "two", "public", "by-key"]],
    ["with no secret", "", ["client", "off", "two", "off-public", "by-key", "off-by-key"]],
  ])("%s", async (_, secret, clientIds) => {
    const unknown = await costOf({}, basic(`unknown:${secret}`));
    expect(unknown.storage).toMatchObject({ "d1.batch": 1 });
    for (const clientId of clientIds) {
      const known = await costOf({}, basic(`${clientId}:${secret}`));
      expect([clientId, known]).toEqual([clientId, unknown]);
    }
  });

  test("which is one derivation for a secret that could be right, and none else", async () => {
    const could = await costOf({}, basic("nobody:wrong"));
    expect(could).toMatchObject({ storage: { pbkdf2: 1 }, webCrypto: { deriveBits: 1 } });
    for (const secret of ["", longSecret]) {
      const { webCrypto } = await costOf({}, basic(`unknown:${secret}`));
      expect(webCrypto).not.toHaveProperty("deriveBits");
    }
  });
});

describe.each<Algorithm>(["ES256", "EdDSA", "RS256"])("a wrong assertion by %s", (algorithm) => {
  const stranger = newKey(algorithm);

  async function costOfAssertion(clientId: string, headers: Claims = {}) {
    const client_assertion = await newAssertion(clientId, await stranger, {}, headers);
    const client_assertion_type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    return costOf({ client_assertion, client_assertion_type });
  }

  test("costs one verification, for every client and every kid", async () => {
    const { kid } = await headerOf(await newAssertion("by-key", await keys[algorithm]));
    for (const headers of [{ kid }, { kid: undefined }, { kid: "another" }]) {
      const unknown = await costOfAssertion("nobody", headers);
      expect(unknown.storage).toEqual({ "d1.batch": 1 });
      expect(unknown.webCrypto).toMatchObject({ verify: 1, importKey: 1 });
      for (const clientId of ["by-key", "by-another-key", "off-by-key", "client", "public"]) {
        const known = await costOfAssertion(clientId, headers);
        expect([clientId, known]).toEqual([clientId, unknown]);
      }
    }
  });
});

function headerOf(assertion: string): { kid: string } {
  return JSON.parse(atob(assertion.split(".")[0] ?? ""));
}
