import { Refusal } from "../protocol/refusal.ts";
import type { Scope } from "../protocol/scope.ts";
import type { Client } from "../storage/accounts.ts";
import { audienceOf } from "./audience.ts";
import { type Grant, type GrantTools, lifetimesOf } from "./grant.ts";
import { initialScope } from "./granted-scope.ts";

/**
 * Client credentials (RFC 6749 §4.4): the client acts for itself. No refresh token (§4.4.3), and
 * never for a public client, which has proved nothing (§4.4).
 */
export const clientCredentialsGrant: Grant = {
  grantType: "client_credentials",

  async prepare({ params }, tools) {
    return {
      query: {},
      userOf: () => null,

      async authorize(client) {
        if (client.authMethod === "none") throw new Refusal("grant_not_allowed");
        return {
          clientId: client.clientId,
          subject: null,
          scope: initialScope(params.get("scope"), client, scopesOf(client, tools)),
          audience: audienceOf(params.get("resource"), client),
          claims: client.claims,
          accessTokenFormat: client.accessTokenFormat,
          lifetimes: lifetimesOf(client, tools.lifetimes),
          continuation: { kind: "none" },
        };
      },
    };
  },
};

/** A client that is registered for no scope by name has none of those that must be named. */
function scopesOf(client: Client, { scopes, clientScopes }: GrantTools): Scope {
  return client.scope === null ? scopes : [...scopes, ...clientScopes];
}
