import type { Grant } from "./grant.ts";

/**
 * Client credentials (RFC 6749 §4.4): the client acts for itself. No refresh token (§4.4.3), and
 * never for a public client, which proves nothing (§4.4).
 */
export const clientCredentialsGrant: Grant<null> = {
  grantType: "client_credentials",
  summary: "The client acts for itself",
  specification: "RFC 6749 §4.4",
  parameters: {},
  example: { scope: "read" },
  openApiFlow: "clientCredentials",
  refusals: [],
  allowsPublicClients: false,

  async read() {
    return null;
  },

  async prove() {
    return { user: null, login: null, refresh: { kind: "none" } };
  },
};
