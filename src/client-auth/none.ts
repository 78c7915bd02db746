import { Refusal } from "../protocol/refusal.ts";
import type { Claim, ClientAuthenticator } from "./claim.ts";

/** `client_id` alone: a public client, which names itself and proves nothing (RFC 6749 §3.2.1). */
export const publicAuthenticator: ClientAuthenticator = {
  methods: ["none"],

  claim({ params }) {
    const clientId = params.get("client_id");
    return clientId === undefined ? null : publicClaim(clientId);
  },
};

/** The claim of a public client of that id. */
export function publicClaim(clientId: string): Claim {
  return {
    clientId,
    async prove(client) {
      if (client === null) throw new Refusal("client_unknown");
      if (client.authMethod !== "none") throw new Refusal("client_secret_missing");
      if (client.isDisabled) throw new Refusal("client_disabled");
      return client;
    },
  };
}
