import { Refusal } from "../protocol/refusal.ts";
import type { ClientAuthenticator } from "./claim.ts";
import { secretClaim } from "./secret.ts";

/** `client_id` and `client_secret` in the body (RFC 6749 §2.3.1). */
export const bodyAuthenticator: ClientAuthenticator = {
  methods: ["client_secret_basic", "client_secret_post"],

  claim({ params, address }) {
    const clientId = params.get("client_id");
    const secret = params.get("client_secret");
    if (secret === undefined) return null;
    if (clientId === undefined) throw new Refusal("client_credentials_malformed");
    return secretClaim(clientId, secret, address);
  },
};
