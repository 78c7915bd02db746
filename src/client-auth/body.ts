import { Refusal } from "../errors/refusal.ts";
import type { ClientAuthenticator } from "./authenticator.ts";
import { secretCredentials } from "./secret.ts";

/** `client_id` and `client_secret` in the body (RFC 6749 §2.3.1). */
export const bodyAuthenticator: ClientAuthenticator = {
  methods: ["client_secret_basic", "client_secret_post"],
  parameters: ["client_secret"],

  read({ params, address }) {
    const clientId = params.get("client_id");
    const secret = params.get("client_secret");
    if (clientId === undefined || secret === undefined)
      throw new Refusal("client_credentials_malformed");
    return secretCredentials(clientId, secret, address);
  },
};
