import { Refusal } from "../protocol/refusal.ts";
import type { Grant } from "./grant.ts";

/**
 * Client credentials (RFC 6749 §4.4): the client acts for itself. No refresh token (§4.4.3), and
 * never for a public client, which has proved nothing (§4.4).
 */
export const clientCredentialsGrant: Grant<null> = {
  grantType: "client_credentials",

  async read() {
    return null;
  },

  async prove(_, client) {
    if (client.authMethod === "none") throw new Refusal("grant_not_allowed");
    return { user: null, login: null, refresh: { kind: "none" } };
  },
};
