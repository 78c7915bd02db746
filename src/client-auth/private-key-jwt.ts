import {
  ASSERTION_ALGORITHMS,
  type Assertion,
  claimedIssuer,
  verifyAssertion,
} from "../crypto/assertion.ts";
import { Refusal } from "../errors/refusal.ts";
import type { Params } from "../protocol/params.ts";
import { audit } from "../telemetry/request-log.ts";
import type { ClientAuthDeps, ClientAuthenticator, KeySet } from "./authenticator.ts";

/** The one `client_assertion_type` (RFC 7523 §2.2). */
export const ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/**
 * `private_key_jwt` (RFC 7523 §2.2): the client signs a short-lived JWT for this service alone.
 * Each is valid for one request.
 */
export const privateKeyJwtAuthenticator: ClientAuthenticator = {
  methods: ["private_key_jwt"],
  algorithms: ASSERTION_ALGORITHMS,
  parameters: ["client_assertion", "client_assertion_type"],

  read({ authorization, params, audiences }) {
    const assertion = params.get("client_assertion");
    const type = params.get("client_assertion_type");
    const clientId = assertion === undefined ? null : claimedIssuer(assertion);
    if (assertion === undefined || type !== ASSERTION_TYPE || clientId === null) {
      throw new Refusal("client_credentials_malformed");
    }
    refuseSecondMethod(authorization, params, clientId);
    return {
      clientId,
      async verify(lookup, deps, findKeys) {
        const client = await lookup;
        const nowMs = deps.clock();
        const verify = ({ keys }: KeySet) => verifyAssertion(assertion, { keys }, audiences, nowMs);
        const hasMethod = client?.authMethod === "private_key_jwt" && !client.isDisabled;
        const keys = hasMethod ? await findKeys(client, "known") : null;
        let verified = await verify(keys ?? NO_KEYS);
        if (hasMethod && keys !== null && verified === "unknown_key") {
          const newer = await findKeys(client, "newer");
          verified = newer && (await verify(newer));
        }
        if (client === null) throw new Refusal("client_unknown");
        if (client.authMethod !== "private_key_jwt") {
          throw new Refusal("client_auth_method_wrong");
        }
        if (client.isDisabled) throw new Refusal("client_disabled");
        if (verified === null || verified === "unknown_key") {
          throw new Refusal("client_assertion_wrong");
        }
        await requireFirstUse(verified, clientId, nowMs, deps);
        return client;
      },
    };
  },
};

/** One method per request (RFC 6749 §2.3). */
function refuseSecondMethod(authorization: string | null, params: Params, clientId: string): void {
  const hasBasic = /^basic\s/i.test(authorization ?? "");
  const namesAnother = (params.get("client_id") ?? clientId) !== clientId;
  if (hasBasic || params.has("client_secret") || namesAnother) {
    throw new Refusal("client_credentials_conflict");
  }
}

const NO_KEYS: KeySet = { keys: [] };

async function requireFirstUse(
  { tokenId: value, expiresAtMs }: Assertion,
  clientId: string,
  nowMs: number,
  { singleUse }: ClientAuthDeps,
): Promise<void> {
  const use = { purpose: "client_assertion", owner: clientId, value, expiresAtMs } as const;
  if (await singleUse.consume(use, nowMs)) return;
  audit({ action: "assertion_replayed", clientId });
  throw new Refusal("client_assertion_replayed");
}
