import { importJWK, type JWK } from "jose";
import { expect, test, vi } from "vitest";
import { verifyAssertion } from "../../../src/crypto/assertion.ts";
import { newAssertion } from "../../support/assertions.ts";
import { ISSUER } from "../../support/checks.ts";
import { type Algorithm, newKey, publicHalf } from "../../support/keys.ts";

const decoy = vi.hoisted((): { key: JWK } => ({ key: {} }));

vi.mock("../../../src/crypto/decoy-keys.ts", () => ({
  decoyKey: (algorithm: string) => importJWK(publicHalf(decoy.key), algorithm),
}));

test.each<Algorithm>(["ES256", "EdDSA", "RS256"])(
  "whoever has the private half of the decoy for %s can prove nothing with it",
  async (algorithm) => {
    decoy.key = await newKey(algorithm);
    const assertion = await newAssertion("client", decoy.key, {}, { kid: undefined });
    const verifiedBy = (keys: JWK[]) => verifyAssertion(assertion, { keys }, ISSUER, Date.now());
    expect(await verifiedBy([publicHalf(decoy.key)])).not.toBeNull();
    expect(await verifiedBy([])).toBeNull();
    const other = publicHalf(await newKey(algorithm));
    expect(await verifiedBy([other, { ...other, kid: "the same key again" }])).toBeNull();
  },
);
