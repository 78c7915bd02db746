import { Refusal } from "../errors/refusal.ts";
import type { ClientAuthenticator, PresentedCredentials } from "./authenticator.ts";

/** `client_id` alone: a public client, which names itself and proves nothing (RFC 6749 §3.2.1). */
export const publicAuthenticator: ClientAuthenticator = {
  methods: ["none"],
  parameters: ["client_id"],

  read({ params }) {
    return publicCredentials(params.get("client_id") ?? "");
  },
};

/** The credentials of a public client: its id alone. */
export function publicCredentials(clientId: string): PresentedCredentials {
  return {
    clientId,
    async verify(lookup) {
      const client = await lookup;
      if (client === null) throw new Refusal("client_unknown");
      if (client.authMethod !== "none") throw new Refusal("client_secret_missing");
      if (client.isDisabled) throw new Refusal("client_disabled");
      return client;
    },
  };
}
