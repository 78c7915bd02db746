import type { JWK } from "jose";
import { expect, test, vi } from "vitest";
import { verifyAssertion } from "../../../src/crypto/assertion.ts";
import { newAssertion } from "../../support/assertions.ts";
import { ISSUER } from "../../support/checks.ts";
import { type Algorithm, newKey, publicHalf } from "../../support/keys.ts";

test.each<Algorithm>(["ES256", "EdDSA", "RS256"])(
  "a signature by the dummy key for %s is never accepted",
  async (algorithm) => {
    const key = await newKey(algorithm);
    const assertion = await newAssertion("client", key, {}, { kid: undefined });
    const verifiedBy = (keys: JWK[]) => verifyAssertion(assertion, { keys }, [ISSUER], Date.now());
    const own = publicHalf(key);
    expect(await verifiedBy([own])).toHaveProperty("tokenId");
    // From here on every signature is valid for every key.
    const verify = vi.spyOn(crypto.subtle, "verify").mockResolvedValue(true);
    expect(await verifiedBy([])).toBe("unknown_key");
    expect(verify).toHaveBeenCalledTimes(1);
    verify.mockRestore();
  },
);
