import type { Client, ClientProperties } from "./client.ts";
import { clientFieldRows } from "./metadata.ts";
import type { RegistrationMetadata } from "./registration-metadata.ts";

/** What a client that no operator registered does not choose itself. */
export interface UnregisteredClientFacts {
  readonly clientId: string;
  readonly registration: "dynamic" | "document";
  readonly accessTokenFormat: Client["accessTokenFormat"];
}

/**
 * A client as its own metadata describes it, before it has a row. Every other field has its
 * default: it has nothing that only an operator gives, such as consent without a question.
 */
export function unregisteredClient(
  { clientId, registration, accessTokenFormat }: UnregisteredClientFacts,
  metadata: RegistrationMetadata,
): Client {
  return {
    ...defaults(),
    clientId,
    registration,
    accessTokenFormat,
    name: metadata.client_name,
    authMethod: metadata.token_endpoint_auth_method,
    grantTypes: metadata.grant_types,
    redirectUris: metadata.redirect_uris,
    scope: metadata.scope === undefined ? null : metadata.scope.split(" "),
    jwks: metadata.jwks === undefined ? null : { keys: [...metadata.jwks.keys] },
    jwksUri: metadata.jwks_uri ?? null,
    secretHash: null,
    previousSecretHash: null,
    previousSecretEndsAtMs: null,
    notBeforeMs: 0,
  };
}

/** What the fields of a client are if nothing is said. */
function defaults(): ClientProperties {
  const properties = clientFieldRows().map(([, { property, schema }]) => {
    return [property, schema({ grantTypes: [] }).parse(undefined) ?? null];
  });
  return Object.fromEntries(properties);
}
